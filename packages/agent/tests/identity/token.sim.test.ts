// The token that goes with each call, in virtual time.

import { AppError, unsafelyDeterministicRandom } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { createVirtualClock, type VirtualClock } from "@truechimer/testing-sim";
import { describe, expect, test } from "vitest";
import { createTokenSource, type TokenSource } from "../../src/identity/token-source.ts";
import { settled } from "./_simulated-identity.ts";

const MINUTE_MS = 60_000;

function never(): AbortSignal {
  return new AbortController().signal;
}

interface Fetches {
  readonly clock: VirtualClock;
  readonly tokens: TokenSource;
  count: number;
  lifeMs: number;
  /** Called by each fetch before it answers. */
  before: () => Promise<void> | void;
}

function createFetches(): Fetches {
  const clock = createVirtualClock();
  const fetches: Fetches = {
    clock,
    count: 0,
    lifeMs: 60 * MINUTE_MS,
    before: () => {},
    tokens: createTokenSource({
      clock,
      random: unsafelyDeterministicRandom(1),
      logger: silentLogger,
      fetchToken: async () => {
        fetches.count += 1;
        const token = `token ${fetches.count}`;
        await fetches.before();
        return { token, expiresInMs: fetches.lifeMs };
      },
    }),
  };
  return fetches;
}

function fails(): never {
  throw new AppError("peer_unreachable", "no way");
}

describe("a token", () => {
  test("is fetched once for all who ask at the same time, and kept", async () => {
    const fetches = createFetches();
    const asked = await Promise.all(
      Array.from({ length: 50 }, () => fetches.tokens.token(never())),
    );
    expect(new Set(asked)).toEqual(new Set(["token 1"]));
    await fetches.clock.advance(54 * MINUTE_MS);
    expect(await fetches.tokens.token(never())).toBe("token 1");
    expect(fetches.count).toBe(1);
  });

  test("is fetched anew in its last five minutes, while the old one is used", async () => {
    const fetches = createFetches();
    await fetches.tokens.token(never());
    await fetches.clock.advance(56 * MINUTE_MS);
    expect(await fetches.tokens.token(never())).toBe("token 1");
    await settled();
    expect(await fetches.tokens.token(never())).toBe("token 2");
    expect(fetches.count).toBe(2);
  });

  test("that still holds is used to its end when no other is to be had, and none after it", async () => {
    const fetches = createFetches();
    await fetches.tokens.token(never());
    fetches.before = fails;
    await fetches.clock.advance(59 * MINUTE_MS);
    expect(await fetches.tokens.token(never())).toBe("token 1");
    await settled();
    await fetches.clock.advance(MINUTE_MS);
    expect(await fetches.tokens.token(never())).toBeUndefined();
    fetches.before = () => {};
    await fetches.clock.advance(2 * MINUTE_MS);
    expect(await fetches.tokens.token(never())).toMatch(/^token \d+$/);
  });

  test("that is not to be had is asked for with growing pauses, not with every call", async () => {
    const fetches = createFetches();
    fetches.before = fails;
    for (let second = 0; second < 600; second += 1) {
      expect(await fetches.tokens.token(never())).toBeUndefined();
      await fetches.clock.advance(1_000);
    }
    expect(fetches.count).toBeGreaterThan(5);
    expect(fetches.count).toBeLessThan(20);
  });

  test("with a short life is not fetched for each call", async () => {
    const fetches = createFetches();
    fetches.lifeMs = 4 * MINUTE_MS;
    for (let second = 0; second < 600; second += 1) {
      expect(await fetches.tokens.token(never())).toMatch(/^token \d+$/);
      await fetches.clock.advance(1_000);
    }
    expect(fetches.count).toBeLessThanOrEqual(6);
  });

  test("that was refused is not shown again", async () => {
    const fetches = createFetches();
    const token = await fetches.tokens.token(never());
    fetches.tokens.refuse("another");
    expect(await fetches.tokens.token(never())).toBe(token);
    fetches.tokens.refuse(token ?? "");
    expect(await fetches.tokens.token(never())).toBe("token 2");
  });

  test("of a key that was exchanged is forgotten, also when it comes late", async () => {
    const fetches = createFetches();
    let release = (): void => {};
    fetches.before = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const first = fetches.tokens.token(never());
    await settled();
    fetches.tokens.forget();
    release();
    expect(await first).toBeUndefined();
    fetches.before = () => {};
    expect(await fetches.tokens.token(never())).toBe("token 2");
  });

  test("one who gives up waiting does not take it from the others", async () => {
    const fetches = createFetches();
    let release = (): void => {};
    fetches.before = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const controller = new AbortController();
    const impatient = fetches.tokens.token(controller.signal);
    const patient = fetches.tokens.token(never());
    await settled();
    controller.abort(new Error("enough"));
    await expect(impatient).rejects.toThrow("enough");
    release();
    expect(await patient).toBe("token 1");
    expect(fetches.count).toBe(1);
  });

  test("does not age when the wall clock is stepped", async () => {
    const fetches = createFetches();
    await fetches.tokens.token(never());
    fetches.clock.step(7_200_000_000_000n);
    expect(await fetches.tokens.token(never())).toBe("token 1");
    expect(fetches.count).toBe(1);
  });
});
