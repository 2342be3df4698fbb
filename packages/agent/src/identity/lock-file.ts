// A lock that ends with its holder, however that dies, and that holds between containers which share the directory. Node
// has no flock, but it carries SQLite, whose exclusive lock on a file is the operating system's own. Nothing is ever
// stored in that file.

import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";

const SQLITE_BUSY = 5;

/** Takes the lock, or undefined when it is held. What the system refuses is thrown as it comes. */
export function lockFile(path: string): Disposable | undefined {
  const file = new (loadSqlite().DatabaseSync)(path);
  try {
    // Without a journal, so that a full disk is no obstacle: nothing is ever written.
    file.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    file.close();
    if (isBusy(error)) return;
    throw error;
  }
  return { [Symbol.dispose]: (): void => closeOnce(file) };
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
