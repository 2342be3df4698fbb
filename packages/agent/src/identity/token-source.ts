// The token that an agent shows with its calls. Fetched once for all who ask at the same time, used until five minutes
// before its end, and, when no new one is to be had, until its very end.

import { AppError, type Clock, type Random } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { type BackOffPolicy, backOffDelayMs } from "../back-off.ts";
import type { TokenAnswer } from "./control-plane.ts";

export interface TokenSourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly fetchToken: (signal: AbortSignal) => Promise<TokenAnswer>;
}

export interface TokenSource extends Disposable {
  /** A token that has not ended, or undefined when there is none to be had at present. Rejects by the signal alone. */
  token(signal: AbortSignal): Promise<string | undefined>;
  /** Of no use any more, as the peer said: the next asker gets another. */
  refuse(token: string): void;
  /** All of them: they belonged to another key. */
  forget(): void;
}

/** The NTP Pool's agent's margin: no call that takes its time ends with a token that has ended. */
const REFRESH_MARGIN_MS = 5 * 60_000;
/** A peer whose tokens are shorter than twice the margin is asked at half of their life, not for each call. */
const REFRESH_SHARE = 2;
/** Between tries to get one. The NTP Pool's agent's. */
const TOKEN_BACK_OFF: BackOffPolicy = {
  firstMs: 2_000,
  factor: 1.5,
  jitter: 0.1,
  maxMs: 120_000,
};

interface HeldToken {
  readonly token: string;
  /** On the monotonic clock: a step of the wall clock makes no token older. */
  readonly refreshAtNs: bigint;
  readonly endsAtNs: bigint;
}

const NS_PER_MS = 1_000_000;

export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { clock, random, logger } = options;
  const stopping = new AbortController();
  let held: HeldToken | undefined;
  let fetching: Promise<void> | undefined;
  let generation = 0;
  let failures = 0;
  let nextTryAtNs = 0n;

  const fetchOne = async (): Promise<void> => {
    const forGeneration = generation;
    try {
      const answer = await options.fetchToken(stopping.signal);
      if (forGeneration !== generation) return;
      held = heldFrom(answer, clock.monotonicNs());
      failures = 0;
    } catch (error) {
      if (stopping.signal.aborted || forGeneration !== generation) return;
      failures += 1;
      nextTryAtNs =
        clock.monotonicNs() + nsFromMs(backOffDelayMs(TOKEN_BACK_OFF, failures, random));
      logger.warn({ error, stillValid: usable(held, clock) !== undefined }, "token not received");
    }
  };
  const forget = (): void => {
    generation += 1;
    held = undefined;
    fetching = undefined;
    failures = 0;
    nextTryAtNs = 0n;
  };
  return {
    token: async (signal) => {
      signal.throwIfAborted();
      const now = clock.monotonicNs();
      const fresh = held !== undefined && now < held.refreshAtNs;
      if (!fresh && now >= nextTryAtNs && !stopping.signal.aborted) {
        fetching ??= fetchOne().finally(() => {
          fetching = undefined;
        });
      }
      // Who holds a good token does not wait for the next one.
      if (usable(held, clock) === undefined && fetching !== undefined) {
        await endedOrAborted(fetching, signal);
      }
      return usable(held, clock);
    },
    refuse: (token) => {
      if (held?.token === token) held = undefined;
    },
    forget,
    [Symbol.dispose]: () => {
      stopping.abort(new AppError("stopped", "the agent is being stopped"));
    },
  };
}

function heldFrom({ token, expiresInMs }: TokenAnswer, nowNs: bigint): HeldToken {
  const marginMs = Math.min(REFRESH_MARGIN_MS, expiresInMs / REFRESH_SHARE);
  return {
    token,
    refreshAtNs: nowNs + nsFromMs(expiresInMs - marginMs),
    endsAtNs: nowNs + nsFromMs(expiresInMs),
  };
}

function usable(held: HeldToken | undefined, clock: Clock): string | undefined {
  return held !== undefined && clock.monotonicNs() < held.endsAtNs ? held.token : undefined;
}

function nsFromMs(ms: number): bigint {
  return BigInt(Math.round(ms * NS_PER_MS));
}

/** Who gives up does not take the fetch from the others. */
function endedOrAborted(fetching: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    void fetching.then(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
  });
}
