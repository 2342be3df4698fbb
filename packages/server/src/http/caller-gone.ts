// A caller that hung up, by the error that it leaves behind: its abort signal may come a moment later.

/**
 * What Node says of reading from or writing to a connection that the other side, or our own stop, has closed meanwhile.
 * What fails behind a procedure, such as the database, has a code of ours around it.
 */
const GONE: ReadonlySet<unknown> = new Set([
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ECONNRESET",
  "EPIPE",
]);

export function callerIsGone(error: unknown): boolean {
  return error instanceof Error && GONE.has((error as { readonly code?: unknown }).code);
}
