// PostgreSQL refuses to run as root. When we are root, it runs under an account that exists already and may do little.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AppError } from "@truechimer/base";

/** Whom PostgreSQL runs as, and owns its data directory. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/** In the order of choice. "postgres" where a PostgreSQL is installed, "_postgres" is macOS's. */
const CANDIDATES = ["postgres", "_postgres", "nobody", "daemon"] as const;

/** Undefined: we are not root (or the platform has none), so PostgreSQL runs as we do. */
export async function chooseAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of CANDIDATES) {
    const account = await findAccount(name);
    if (account !== undefined && account.uid !== 0 && (await usable(account))) return account;
  }
  throw new AppError(
    "database_start_failed",
    `PostgreSQL does not run as root, and none of the accounts ${CANDIDATES.join(", ")} can be used here: start as another user, or set DATABASE_URL`,
  );
}

/** The account that owns an existing data directory; its name is for people. */
export function accountOfOwner(owner: { readonly uid: number; readonly gid: number }): Account {
  return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
}

/** True when `account` can enter each of `directories` and read each of `files`. Asks the system, so ACLs count. */
export async function canReach(
  account: Account | undefined,
  paths: { readonly writable?: readonly string[]; readonly executable?: readonly string[] },
): Promise<boolean> {
  const script = 'for p in "$@"; do m=${p%%:*}; test "$m" "${p#*:}" || exit 1; done';
  const tests = [
    ...(paths.writable ?? []).flatMap((path) => [`-w:${path}`, `-x:${path}`]),
    ...(paths.executable ?? []).map((path) => `-x:${path}`),
  ];
  try {
    await run("/bin/sh", ["-c", script, "sh", ...tests], { cwd: "/", ...identity(account) });
    return true;
  } catch {
    return false;
  }
}

/** The options of `spawn` that run a program as `account`. */
export function identity(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}

async function findAccount(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** False in a user namespace that maps root alone: no other identity can be taken on there. */
async function usable(account: Account): Promise<boolean> {
  return await canReach(account, { executable: ["/bin/sh"] });
}
