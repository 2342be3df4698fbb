import { systemRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { checkPassword, hashPassword, PASSWORD_PARAMETERS } from "./password-hash.ts";

/** Cheap, for tests. */
const QUICK = { memoryKib: 64, passes: 1, parallelism: 1 };

/** Of the reference implementation's own tests. */
const REFERENCE =
  "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

describe("a hash", () => {
  test("of the reference implementation is read, and known to be of other parameters", async () => {
    expect(await checkPassword("password", REFERENCE, PASSWORD_PARAMETERS)).toEqual({
      right: true,
      outdated: true,
    });
    expect(await checkPassword("passwore", REFERENCE, PASSWORD_PARAMETERS)).toEqual({
      right: false,
    });
  });

  test("holds for its password alone, and differs each time", async () => {
    const options = { random: systemRandom, parameters: QUICK };
    const [one, other] = [await hashPassword("a", options), await hashPassword("a", options)];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$[^$]{22}\$[^$]{43}$/);
    expect(one).not.toBe(other);
    expect(await checkPassword("a", one, QUICK)).toEqual({ right: true, outdated: false });
    expect(await checkPassword("A", one, QUICK)).toEqual({ right: false });
  });

  test("is the same however the keyboard composes a letter", async () => {
    const stored = await hashPassword("Zu\u0308rich", { random: systemRandom, parameters: QUICK });
    expect(await checkPassword("Z\u00fcrich", stored, QUICK)).toMatchObject({ right: true });
  });

  test.each(["", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA", `${REFERENCE}!`])(
    "that is none of ours is no wrong password but damage: %s",
    async (stored) => {
      await expect(checkPassword("password", stored, QUICK)).rejects.toThrow("no argon2id hash");
    },
  );
});

test("the parameters are at least OWASP's", () => {
  expect(PASSWORD_PARAMETERS).toEqual({ memoryKib: 19_456, passes: 2, parallelism: 1 });
});
