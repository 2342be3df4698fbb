// An expected outcome that may be a refusal: parsing, checking, deciding.

/** A value, or why there is none. `error` is of a closed set of reasons, or a sentence for a person. */
export type Result<Value, Problem> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Problem };

/** The outcome that was hoped for. */
export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** The other one. */
export function refused<Problem>(error: Problem): { readonly ok: false; readonly error: Problem } {
  return { ok: false, error };
}
