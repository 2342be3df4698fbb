// The one place where the file system's error codes become coded errors of ours.

import { AppError } from "@truechimer/base";

const NO_SPACE: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
const NOT_WRITABLE: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOTDIR",
  "EEXIST",
  "ENOTEMPTY",
  "ENAMETOOLONG",
]);

/** A coded error for what a directory refused; anything else unchanged. */
export function appErrorFromFile(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  if (NO_SPACE.has(code)) return diskFull(directory, error);
  if (NOT_WRITABLE.has(code)) return unwritable(directory, `(${code})`, error);
  return error;
}

/** AppError `disk_full`, with the remedy. */
export function diskFull(directory: string, cause?: unknown): AppError {
  return new AppError(
    "disk_full",
    `the disk that holds ${directory} is full: free some space there and start again; nothing that was stored is lost`,
    { cause },
  );
}

/** AppError `directory_unwritable`; `why` follows the directory's name in the sentence. */
export function unwritable(directory: string, why: string, cause?: unknown): AppError {
  return new AppError(
    "directory_unwritable",
    `${directory} cannot be written ${why}: give this user the right to write there, or choose another data directory`,
    { cause },
  );
}

/** The system's code of an error, such as "ENOSPC". Undefined: it has none. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
