// The one place where the file system's error codes become coded errors of ours.

import { AppError } from "@truechimer/base";

const NO_SPACE: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
const NOT_READABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EISDIR", "EIO", "ELOOP"]);

/** Of a read that the system refused. */
export function readFailure(path: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code === undefined || !NOT_READABLE.has(code)) return cause;
  return new AppError(
    "config_unreadable",
    `${path} cannot be read (${code}): give the agent's user the right to read it`,
    { cause },
  );
}

/** Of a write that the system refused. What was stored before is as it was. */
export function writeFailure(path: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code === undefined) return cause;
  if (NO_SPACE.has(code)) {
    return new AppError(
      "disk_full",
      `the disk that holds ${path} is full: free some space there; what was stored before is not lost`,
      { cause },
    );
  }
  return new AppError(
    "directory_unwritable",
    `${path} cannot be written (${code}): give the agent's user the right to write there, or name another state directory`,
    { cause },
  );
}

/** SQLite, of which the locks are made, has numbers of its own. */
function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || cause instanceof AppError || !("code" in cause)) return;
  return typeof cause.code === "string" ? cause.code : undefined;
}
