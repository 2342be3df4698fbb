// Hashing takes a core and 19 MiB for a while, and anybody can ask for it: two at a time, on threads that files and names
// need too, some wait, and more are turned away.

import type { Random } from "@truechimer/base";
import type { Limits } from "../limits/limits.ts";
import { limitExceeded } from "../limits/verdict.ts";
import {
  type Argon2Parameters,
  checkPassword,
  hashPassword,
  PASSWORD_PARAMETERS,
  type PasswordVerdict,
} from "./password-hash.ts";

/** Of the four threads of libuv's pool. */
const AT_ONCE = 2;

export interface Passwords {
  /** What is stored of a new password. Fails with limit_exceeded when too many wait. */
  hash(password: string): Promise<string>;
  /**
   * Stored null: there is no such user, or no password. It takes just as long and is never right. Fails with
   * limit_exceeded when too many wait.
   */
  check(password: string, stored: string | null): Promise<PasswordVerdict>;
}

export function createPasswords(options: {
  readonly random: Random;
  readonly limits: Pick<Limits, "place">;
  /** Default: PASSWORD_PARAMETERS. */
  readonly parameters?: Argon2Parameters;
}): Passwords {
  const { random, limits, parameters = PASSWORD_PARAMETERS } = options;
  const waiting: (() => void)[] = [];
  let running = 0;
  let standIn: Promise<string> | undefined;

  const inTurn = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    const place = limits.place("password_checks", running + waiting.length);
    if (!place.passed) throw limitExceeded(place);
    if (running < AT_ONCE) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The turn goes on to who waits longest.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };

  /** A hash that nobody knows the password of. */
  const nobodys = (): Promise<string> => {
    standIn ??= hashPassword(Buffer.from(random.bytes(16)).toString("hex"), { random, parameters });
    return standIn;
  };

  return {
    hash: (password) => inTurn(() => hashPassword(password, { random, parameters })),
    check: async (password, stored) => {
      const hash = stored ?? (await nobodys());
      const verdict = await inTurn(() => checkPassword(password, hash, parameters));
      return stored === null ? { right: false } : verdict;
    },
  };
}
