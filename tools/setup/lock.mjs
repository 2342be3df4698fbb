// One set-up at a time in a clone: the second command waits for the first and then finds nothing left to do.
//
// The lock is a file made exclusively, with the holder's process id in it. A holder that was killed cannot remove it, so a
// lock whose process is gone, or that was not touched for a while (a holder in another container), is broken.

import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SetUpError } from "./say.mjs";

/** @typedef {(text: string) => void} Say */

const LOCK_FILE = ".setup.lock";
const POLL_MS = 200;
const TOUCH_MS = 2_000;
/** Longer than any pause of a busy machine between two touches. */
const STALE_MS = 60_000;
/** A breaker does two system calls; one that is older died between them. */
const BREAKER_STALE_MS = 10_000;

/**
 * @template T
 * @param {string} root
 * @param {Say} say
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSetUpLock(root, say, work) {
  const path = join(root, LOCK_FILE);
  await acquire(path, say);
  const release = () => rmSync(path, { force: true });
  const touching = setInterval(() => touch(path), TOUCH_MS);
  touching.unref();
  process.once("exit", release);
  const removeSignals = endOnSignals();
  try {
    return await work();
  } finally {
    removeSignals();
    clearInterval(touching);
    process.off("exit", release);
    release();
  }
}

/**
 * @param {string} path
 * @param {Say} say
 */
async function acquire(path, say) {
  let told = false;
  while (!tryCreate(path)) {
    const holder = readHolder(path);
    if (holder !== undefined && isAbandoned(holder)) {
      breakLock(path);
    } else if (holder !== undefined && !told) {
      say(`waiting for process ${holder.pid}, which is setting up this clone`);
      told = true;
    }
    await delay(POLL_MS);
  }
}

/** @param {string} path */
function tryCreate(path) {
  try {
    const file = openSync(path, "wx");
    writeSync(file, `${process.pid} ${hostname()}\n`);
    closeSync(file);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw cannotWrite(path, error);
  }
}

/**
 * @param {string} path
 * @param {unknown} error
 */
function cannotWrite(path, error) {
  return new SetUpError(
    `cannot write ${path} (${errorCode(error)}): run the command as the owner of this clone, or give yourself the right to write there`,
  );
}

/**
 * @param {string} path
 * @returns {{pid: number, host: string, touchedMsAgo: number} | undefined}
 */
function readHolder(path) {
  try {
    const [pid = "", host = ""] = readFileSync(path, "utf8").trim().split(" ");
    return { pid: Number(pid), host, touchedMsAgo: Date.now() - statSync(path).mtimeMs };
  } catch {
    return undefined;
  }
}

/** @param {{pid: number, host: string, touchedMsAgo: number}} holder */
function isAbandoned({ pid, host, touchedMsAgo }) {
  if (touchedMsAgo > STALE_MS) return true;
  if (host !== hostname() || pid === 0) return false;
  return !isAlive(pid);
}

/**
 * Removes an abandoned lock. Of several that saw it abandoned only one may remove it, or the second would remove the
 * lock that the first has just made: they compete for a second file, and the winner looks again.
 *
 * @param {string} path
 */
function breakLock(path) {
  const breaker = `${path}.break`;
  try {
    closeSync(openSync(breaker, "wx"));
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw cannotWrite(breaker, error);
    const made = statSync(breaker, { throwIfNoEntry: false });
    if (made !== undefined && Date.now() - made.mtimeMs > BREAKER_STALE_MS) {
      rmSync(breaker, { force: true });
    }
    return;
  }
  try {
    const holder = readHolder(path);
    if (holder !== undefined && isAbandoned(holder)) rmSync(path, { force: true });
  } finally {
    rmSync(breaker, { force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** @param {string} path */
function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The clone was removed under us; the work itself will say so.
  }
}

/** A signal during the set-up ends it through `process.exit`, so that the lock goes too. */
function endOnSignals() {
  const ends = [
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
    { signal: "SIGHUP", code: 129 },
  ].map(({ signal, code }) => {
    // The listeners of a running child come later in the list: they kill it before this ends us.
    const end = () => setImmediate(() => process.exit(code));
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  return () => {
    for (const remove of ends) remove();
  };
}

/** @param {unknown} error */
function errorCode(error) {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
