// Twelve monitors, thirty servers of which three are silent, 10 % loss each way, a control plane that fails half of the
// submissions before or after it has counted them, for a quarter of an hour: nothing may be counted twice, nothing may
// get lost, and no monitor may ask a server more often than every two seconds.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { ip, simulate } from "./_simulated-agent.ts";

const MONITORS = 12;
const SERVERS = 30;
const SILENT_SERVERS = 3;
const BATCH = 6;
const BATCHES = 120;
const FAILING_CODES = [Code.Unavailable, Code.Internal, Code.Unknown, Code.DeadlineExceeded];

test.each([1, 2])(
  "a quarter of an hour of a fleet on a bad day, seed %d",
  { timeout: 120_000 },
  async (seed) => {
    const random = unsafelyDeterministicRandom(seed * 1_000);
    const monitors = Array.from({ length: MONITORS }, (_, index) => {
      const address = ip(`198.51.100.${index + 1}`);
      return { address, token: `tcm_${index}`, localAddress: address };
    });
    const { agent, addServer, clock, counted, plane, sent } = simulate({
      seed,
      monitors,
      quality: { delayMs: 20, jitterMs: 30, lossShare: 0.1, duplicateShare: 0.02 },
    });
    const servers = Array.from({ length: SERVERS }, (_, index) => `192.0.2.${index + 1}`);
    for (const address of servers.slice(SILENT_SERVERS)) addServer(address);
    plane.config = {
      privateTargetsAllowed: true,
      sampleInterval: durationFromMs(2_000),
      idlePollInterval: durationFromMs(5_000),
    };
    const maybeFail = (): void => {
      if (random.fraction() > 1 / 3) return;
      const code = FAILING_CODES[Math.floor(random.fraction() * FAILING_CODES.length)];
      throw new ConnectError("a bad day", code);
    };
    plane.beforeCounting = maybeFail;
    plane.afterCounting = maybeFail;

    agent.start();
    // As they become due.
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const first = (batch * BATCH) % SERVERS;
      plane.due.push(
        Array.from({ length: BATCH }, (_, index) => ({
          ipBytes: ip(servers[(first + index) % SERVERS] ?? "").bytes,
        })),
      );
      await clock.advance(6_000);
    }
    await clock.advance(180_000);

    expect(plane.due).toHaveLength(0);
    expect(plane.counted).toHaveLength(BATCHES * BATCH);
    const tickets = plane.counted.map(({ ticket }) => new TextDecoder().decode(ticket));
    expect(new Set(tickets).size).toBe(tickets.length);
    expect(counted).toMatchObject({ accepted: BATCHES * BATCH, lost: [] });
    expect(smallestGapMs(sent)).toBeGreaterThanOrEqual(2_000);

    await clock.advanceUntil(Promise.resolve(agent[Symbol.asyncDispose]()));
    await clock.advance(2_000);
    expect(clock.timersPending()).toBe(0);
  },
);

/** Between the starts of two samples by one monitor to one server. */
function smallestGapMs(sent: ReturnType<typeof simulate>["sent"]): number {
  const byPair = Map.groupBy(sent, ({ address, localAddress }) => {
    return `${localAddress?.text ?? ""} ${address.text}`;
  });
  const gaps = [...byPair.values()].flatMap((requests) => {
    const times = requests.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  });
  return Math.min(...gaps);
}
