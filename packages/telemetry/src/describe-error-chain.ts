// An error as data, with all its causes from the outside in. The inner message never becomes part of the outer one.

/** Causes followed at most: a longer chain is a loop or a mistake. */
const CAUSES_MAX = 8;

/** One error of a chain; only the outermost has `causes`. */
export interface DescribedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly causes?: readonly DescribedError[];
}

/** Anything that was thrown, as data that survives JSON. At most eight causes deep. */
export function describeErrorChain(error: unknown): DescribedError {
  const causes: DescribedError[] = [];
  let cause = causeOf(error);
  while (cause !== undefined && causes.length < CAUSES_MAX) {
    causes.push(describeOne(cause));
    cause = causeOf(cause);
  }
  return { ...describeOne(error), ...(causes.length === 0 ? {} : { causes }) };
}

function describeOne(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  const code = (error as { readonly code?: unknown }).code;
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === "string" || typeof code === "number" ? { code: String(code) } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}

function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  if (error.cause !== undefined) return error.cause;
  // Several connection attempts at once: the first one speaks for all.
  return error instanceof AggregateError ? error.errors[0] : undefined;
}
