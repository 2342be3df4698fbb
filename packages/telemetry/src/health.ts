// Three questions that an operator's tools ask: is the process alive, may it be sent work, has it started?

import { AppError, type Clock } from "@truechimer/base";

/** Resolves when all is well; rejects with what is wrong. */
export type HealthCheck = (signal: AbortSignal) => Promise<void>;

/** What an endpoint of health answers, as JSON. */
export interface HealthAnswer {
  readonly ok: boolean;
  /** A check's name with `ok` or the code of what is wrong: whoever asks may be anybody, so messages stay inside. */
  readonly checks: Readonly<Record<string, string>>;
}

/**
 * - **live**: the event loop turns. Failing it means: restart me.
 * - **ready**: started, not stopping, and every check passes. Failing it means: send work to another.
 * - **startup**: `markStarted` was called. Failing it means: wait.
 */
export interface HealthRegistry {
  addCheck(name: string, check: HealthCheck): void;
  markStarted(): void;
  /** From here on not ready; goes down before anything is closed, so that a load balancer turns away first. */
  markStopping(): void;
  /** `markStopping` was called. */
  readonly stopping: boolean;
  live(): HealthAnswer;
  ready(): Promise<HealthAnswer>;
  startup(): HealthAnswer;
}

/** Limits of the checks, and who is told of a failure. */
export interface HealthRegistryOptions {
  readonly clock: Clock;
  /** A check that takes longer counts as failed. Default 2,000. */
  readonly checkTimeoutMs?: number;
  /** An answer is kept this long, so that frequent asking costs no queries. Default 500. */
  readonly cacheMs?: number;
  /** Told what is wrong, with its message, when a check begins to fail or fails otherwise. */
  readonly onFailure?: (name: string, error: unknown) => void;
}

const CHECK_TIMEOUT_MS = 2_000;
const CACHE_MS = 500;
const OK = "ok";

/** Not started yet, without checks. */
export function createHealthRegistry(options: HealthRegistryOptions): HealthRegistry {
  const checks = new Map<string, HealthCheck>();
  const timeoutMs = options.checkTimeoutMs ?? CHECK_TIMEOUT_MS;
  const cacheNs = BigInt(options.cacheMs ?? CACHE_MS) * 1_000_000n;
  let phase: "starting" | "started" | "stopping" = "starting";
  let cached: { readonly atNs: bigint; readonly answer: Promise<HealthAnswer> } | undefined;

  const lastCodes = new Map<string, string>();
  const codeOf = async (name: string, check: HealthCheck): Promise<string> => {
    const failure = await failureOf(check, timeoutMs, options.clock);
    const code = failure?.code ?? OK;
    if (failure !== undefined && lastCodes.get(name) !== code) {
      options.onFailure?.(name, failure.error);
    }
    lastCodes.set(name, code);
    return code;
  };
  const runChecks = async (): Promise<HealthAnswer> => {
    const results = await Promise.all(
      [...checks].map(async ([name, check]) => [name, await codeOf(name, check)] as const),
    );
    return { ok: results.every(([, code]) => code === OK), checks: Object.fromEntries(results) };
  };

  return {
    addCheck: (name, check) => checks.set(name, check),
    markStarted: () => {
      if (phase === "starting") phase = "started";
    },
    markStopping: () => {
      phase = "stopping";
    },
    get stopping() {
      return phase === "stopping";
    },
    live: () => ({ ok: true, checks: {} }),
    startup: () =>
      phase === "starting"
        ? { ok: false, checks: { startup: "not started yet" } }
        : { ok: true, checks: { startup: OK } },
    ready: async () => {
      if (phase !== "started") return { ok: false, checks: { process: phase } };
      const nowNs = options.clock.monotonicNs();
      if (cached === undefined || nowNs - cached.atNs >= cacheNs) {
        cached = { atNs: nowNs, answer: runChecks() };
      }
      return cached.answer;
    },
  };
}

interface Failure {
  readonly code: string;
  readonly error: unknown;
}

async function failureOf(
  check: HealthCheck,
  timeoutMs: number,
  clock: Clock,
): Promise<Failure | undefined> {
  const controller = new AbortController();
  let cancel = (): void => {};
  const late = new Promise<Failure>((resolve) => {
    cancel = clock.setTimer(timeoutMs, () => {
      controller.abort();
      resolve({ code: "timeout", error: new Error(`no answer within ${timeoutMs} ms`) });
    });
  });
  try {
    const done = check(controller.signal).then(
      () => undefined,
      (error: unknown) => ({ code: error instanceof AppError ? error.code : "failed", error }),
    );
    return await Promise.race([done, late]);
  } finally {
    cancel();
  }
}
