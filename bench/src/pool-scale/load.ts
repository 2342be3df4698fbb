// Callers that ask as fast as they are answered, or at a pace that they keep whatever the answers do. Bounded in number
// and in time.

/** One call; what it gives is counted (results, calls). */
export type Call = (caller: number) => Promise<number>;

export interface LoadFindings {
  readonly tookMs: number;
  /** What the calls gave, summed up. */
  readonly counted: number;
  readonly latenciesMs: readonly number[];
  readonly failures: number;
  readonly firstFailure: string | undefined;
}

export interface LoadOptions {
  readonly callers: number;
  readonly durationMs: number;
  /** Calls a second of all callers together. Absent: as many as there are answers. */
  readonly pace?: number;
}

export async function runLoad(call: Call, options: LoadOptions): Promise<LoadFindings> {
  const { callers, durationMs, pace } = options;
  const latenciesMs: number[] = [];
  let counted = 0;
  let failures = 0;
  let firstFailure: string | undefined;
  let started = 0;
  const startedAt = performance.now();
  const once = async (caller: number, dueAt: number): Promise<boolean> => {
    try {
      const gave = await call(caller);
      if (gave < 0) return false;
      counted += gave;
      // From when it was due: who asks late because the answer before was late has waited, too.
      latenciesMs.push(performance.now() - dueAt);
    } catch (error) {
      failures += 1;
      firstFailure ??= String(error);
    }
    return true;
  };
  const loop = async (caller: number): Promise<void> => {
    for (;;) {
      const dueAt = pace === undefined ? performance.now() : startedAt + (started * 1_000) / pace;
      if (dueAt - startedAt >= durationMs) return;
      // Whoever is this far behind does not keep the pace, and the rest would only say so again.
      if (performance.now() - startedAt >= 2 * durationMs) return;
      started += 1;
      const early = dueAt - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      if (!(await once(caller, dueAt))) return;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)));
  return {
    tookMs: performance.now() - startedAt,
    counted,
    latenciesMs,
    failures,
    firstFailure,
  };
}
