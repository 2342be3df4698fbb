// The past of one thing as steps: what it was from each moment on.

export interface Step<State> {
  /** Nanoseconds since 1970. */
  readonly atNs: bigint;
  readonly change: Partial<State>;
}

/** What was in force at the moment. */
export function stateAt<State>(first: State, steps: readonly Step<State>[], atNs: bigint): State {
  const state = { ...first };
  for (const step of steps) {
    if (step.atNs > atNs) break;
    Object.assign(state as object, step.change);
  }
  return state;
}
