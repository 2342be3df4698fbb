import { unsafelyDeterministicRandom } from "@truechimer/base";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "./virtual-clock.ts";
import { createVirtualNetwork, type PathQuality, type VirtualNetwork } from "./virtual-network.ts";

const FROM = { host: "agent", port: 5_000 };
const TO = { host: "server", port: 123 };

interface Sent {
  readonly network: VirtualNetwork;
  readonly arrivals: readonly { readonly number: number; readonly afterMs: number }[];
}

/** Sends numbered datagrams, one a millisecond, and waits until all are there or lost. */
async function sendMany(count: number, quality: Partial<PathQuality>, seed = 1): Promise<Sent> {
  const clock = createVirtualClock();
  const network = createVirtualNetwork({
    clock,
    random: unsafelyDeterministicRandom(seed),
    quality,
  });
  const arrivals: { number: number; afterMs: number }[] = [];
  network.attach(TO, ({ bytes }) => {
    const number = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
    arrivals.push({ number, afterMs: Number(clock.monotonicNs()) / 1e6 - number });
  });
  for (let number = 0; number < count; number += 1) {
    network.send({ from: FROM, to: TO, bytes: Uint8Array.of(number >> 8, number & 0xff) });
    await clock.advance(1);
  }
  await clock.advance(10_000);
  return { network, arrivals };
}

describe("the virtual network", () => {
  it("delivers after the delay, in order, when the path is perfect", async () => {
    const { arrivals } = await sendMany(50, { delayMs: 7 });
    expect(arrivals).toEqual(Array.from({ length: 50 }, (_, number) => ({ number, afterMs: 7 })));
  });

  it("loses its share", async () => {
    const { network, arrivals } = await sendMany(1_000, { lossShare: 0.2 });
    const { sent, lost, delivered } = network.counters();
    expect(sent).toBe(1_000);
    expect(lost).toBeGreaterThan(150);
    expect(lost).toBeLessThan(250);
    expect(delivered).toBe(arrivals.length);
    expect(lost + delivered).toBe(1_000);
  });

  it("delivers some twice", async () => {
    const { network, arrivals } = await sendMany(500, { duplicateShare: 0.3 });
    const { duplicated } = network.counters();
    expect(duplicated).toBeGreaterThan(100);
    expect(arrivals).toHaveLength(500 + duplicated);
  });

  it("lets datagrams overtake each other when the delay varies", async () => {
    const { arrivals } = await sendMany(200, { delayMs: 5, jitterMs: 20 });
    const numbers = arrivals.map(({ number }) => number);
    expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
    expect(arrivals.every(({ afterMs }) => afterMs >= 5 && afterMs <= 25)).toBe(true);
  });

  it("does the same again for the same seed, and something else for another", async () => {
    const quality = { lossShare: 0.3, jitterMs: 10, duplicateShare: 0.1 };
    const first = await sendMany(100, quality, 9);
    expect((await sendMany(100, quality, 9)).arrivals).toEqual(first.arrivals);
    expect((await sendMany(100, quality, 10)).arrivals).not.toEqual(first.arrivals);
  });

  it("knows each direction by itself, counts what has no receiver, and copies what is sent", async () => {
    const clock = createVirtualClock();
    const network = createVirtualNetwork({ clock, random: unsafelyDeterministicRandom(1) });
    network.setPath("agent", "server", { delayMs: 100 });
    network.setPath("agent", "server", { lossShare: 0 });
    const got: string[] = [];
    const detach = network.attach(TO, ({ bytes, from }) => {
      got.push(`${bytes.toHex()} at ${clock.monotonicNs() / 1_000_000n} ms`);
      network.send({ from: TO, to: from, bytes });
    });
    network.attach(FROM, () => got.push(`back at ${clock.monotonicNs() / 1_000_000n} ms`));
    const bytes = Uint8Array.of(7);
    network.send({ from: FROM, to: TO, bytes });
    bytes[0] = 9;
    await clock.advance(200);
    expect(got).toEqual(["07 at 100 ms", "back at 105 ms"]);
    detach();
    network.send({ from: FROM, to: TO, bytes });
    await clock.advance(200);
    expect(network.counters().unroutable).toBe(1);
  });

  it("gives a port to one receiver only", () => {
    const network = createVirtualNetwork({
      clock: createVirtualClock(),
      random: unsafelyDeterministicRandom(1),
    });
    network.attach(TO, () => {});
    expect(() => network.attach(TO, () => {})).toThrow("server, port 123 is taken");
  });
});
