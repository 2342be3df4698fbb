import { parseIpAddress } from "@truechimer/base";
import type { Sample, SampleReason } from "@truechimer/ntp";
import { describe, expect, test } from "vitest";
import { createServerPace, type ServerPace, type ServerVisit } from "./server-pace.ts";

/** Time moves only when somebody sleeps: each sleep ends at once and moves it on. */
function instantClock(): Parameters<typeof createServerPace>[0] {
  let nowNs = 0n;
  return {
    nowNs: () => nowNs,
    monotonicNs: () => nowNs,
    setTimer: (delayMs, callback) => {
      nowNs += BigInt(delayMs) * 1_000_000n;
      queueMicrotask(callback);
      return () => {};
    },
  };
}

const never = new AbortController().signal;

function visit(port = 123): ServerVisit {
  const address = parseIpAddress("192.0.2.1");
  if (!address.ok) throw new Error(address.error);
  return { address: address.value, port, client: "", intervalMs: 2_000 };
}

function sampleWith(reason?: SampleReason): Sample {
  return { reason } as Sample;
}

/** As a check does it: waits for its turn, takes a sample, ends its turn. */
async function atItsTurn(
  pace: ServerPace,
  { of, signal = never }: { readonly of: ServerVisit; readonly signal?: AbortSignal },
  take: () => Promise<Sample>,
): Promise<Sample> {
  const turn = await pace.turn(of, signal);
  try {
    const sample = await take();
    pace.taken(turn, of, sample.reason);
    return sample;
  } catch (error) {
    pace.leave(turn);
    throw error;
  }
}

describe("the pace", () => {
  test("lets one at a time ask a server, two seconds apart", async () => {
    const clock = instantClock();
    const pace = createServerPace(clock);
    const times: bigint[] = [];
    const ask = (): Promise<Sample> => {
      times.push(clock.monotonicNs() / 1_000_000n);
      return Promise.resolve(sampleWith());
    };
    await Promise.all([1, 2, 3].map(() => atItsTurn(pace, { of: visit() }, ask)));
    expect(times).toEqual([0n, 2_000n, 4_000n]);
  });

  test("leaves other servers alone", async () => {
    const clock = instantClock();
    const pace = createServerPace(clock);
    for (const port of [1, 2, 3]) {
      await atItsTurn(pace, { of: visit(port) }, () => Promise.resolve(sampleWith()));
    }
    expect(clock.monotonicNs()).toBe(0n);
  });

  test("is each client's own", async () => {
    const clock = instantClock();
    const pace = createServerPace(clock);
    for (const client of ["127.0.1.1", "127.0.1.2"]) {
      await atItsTurn(pace, { of: { ...visit(), client } }, () => Promise.resolve(sampleWith()));
    }
    expect(clock.monotonicNs()).toBe(0n);
  });

  test.each<[SampleReason, bigint]>([
    ["kiss_rate", 16_000n],
    ["kiss_deny", 300_000n],
    ["kiss_rstr", 300_000n],
    ["timeout", 2_000n],
  ])("after %s rests %d ms", async (reason, expectedMs) => {
    const clock = instantClock();
    const pace = createServerPace(clock);
    await atItsTurn(pace, { of: visit() }, () => Promise.resolve(sampleWith(reason)));
    await atItsTurn(pace, { of: visit() }, () => Promise.resolve(sampleWith()));
    expect(clock.monotonicNs() / 1_000_000n).toBe(expectedMs);
  });

  test("after RATE again and again rests twice as long each time, but never so long that what is known gets stale", async () => {
    const clock = instantClock();
    const pace = createServerPace(clock);
    const every = { ...visit(), checkIntervalMs: 60_000 };
    const startsMs: number[] = [];
    for (let ask = 0; ask < 7; ask += 1) {
      await atItsTurn(pace, { of: every }, () => {
        startsMs.push(Number(clock.monotonicNs() / 1_000_000n));
        return Promise.resolve(sampleWith(ask === 5 ? undefined : "kiss_rate"));
      });
    }
    const restsS = startsMs.slice(1).map((ms, index) => (ms - (startsMs[index] ?? 0)) / 1_000);
    expect(restsS).toEqual([16, 32, 64, 90, 90, 2]);
  });

  test("whoever waits until a server is free stands in nobody's way", async () => {
    const clock = instantClock();
    const pace = createServerPace(clock);
    await pace.untilFree(visit(), never);
    await atItsTurn(pace, { of: visit() }, () => Promise.resolve(sampleWith("kiss_rate")));
    await pace.untilFree(visit(), never);
    expect(clock.monotonicNs()).toBe(16_000_000_000n);
  });

  test("one who leaves the line does not let the next overtake the first", async () => {
    const pace = createServerPace(instantClock());
    const first = Promise.withResolvers<Sample>();
    const order: string[] = [];
    const leaving = new AbortController();
    const asking = atItsTurn(pace, { of: visit() }, () => first.promise);
    const impatient = atItsTurn(pace, { of: visit(), signal: leaving.signal }, () =>
      expect.fail("it left"),
    );
    const patient = atItsTurn(pace, { of: visit() }, () => {
      order.push("patient");
      return Promise.resolve(sampleWith());
    });
    leaving.abort(new Error("enough"));
    await expect(impatient).rejects.toThrow("enough");
    order.push("first ends");
    first.resolve(sampleWith());
    await Promise.all([asking, patient]);
    expect(order).toEqual(["first ends", "patient"]);
  });

  test("a question that fails does not stop the line", async () => {
    const pace = createServerPace(instantClock());
    const failing = atItsTurn(pace, { of: visit() }, () => Promise.reject(new Error("broken")));
    await expect(failing).rejects.toThrow("broken");
    const { reason } = await atItsTurn(pace, { of: visit() }, () => Promise.resolve(sampleWith()));
    expect(reason).toBeUndefined();
  });
});
