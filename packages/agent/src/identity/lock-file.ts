// A lock that ends with its holder, however that dies, and that holds between containers which share the directory. Node
// has no flock, but it carries SQLite, whose exclusive lock on a file is the operating system's own. Nothing is ever
// stored in that file.

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";
import type { FileLock } from "./file-system.ts";

const SQLITE_BUSY = 5;

/** Takes the lock, or undefined when it is held. What the system refuses is thrown as it comes. */
export function lockFile(path: string): FileLock | undefined {
  const file = new (loadSqlite().DatabaseSync)(path);
  try {
    // Without a journal, so that a full disk is no obstacle: nothing is ever written.
    file.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    file.close();
    if (isBusy(error)) return;
    throw error;
  }
  const locked = identityOf(path);
  return {
    isCurrent: () => file.isOpen && locked !== undefined && identityOf(path) === locked,
    [Symbol.dispose]: (): void => closeOnce(file),
  };
}

/** Of the file at this path. The number of one that was removed is given to the next: its birth tells them apart. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino} ${found.birthtimeNs}`;
}

/** Loaded at the first lock: who only asks for the version of the program needs no database library. */
function loadSqlite(): typeof sqlite {
  return createRequire(import.meta.url)("node:sqlite") as typeof sqlite;
}

function closeOnce(file: sqlite.DatabaseSync): void {
  if (file.isOpen) file.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}
