import { systemRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { createSeal } from "./seal.ts";

const KEY = new Uint8Array(32).fill(1);
const seal = createSeal({ masterKey: KEY, random: systemRandom });
const SECRET = Buffer.from("the key of everything");

test("what was sealed opens for the same purpose, and no two seals are alike", () => {
  const sealed = seal.seal("a", SECRET);
  expect(Buffer.from(seal.unseal("a", sealed)).equals(SECRET)).toBe(true);
  expect(Buffer.from(seal.seal("a", SECRET)).equals(sealed)).toBe(false);
  expect(Buffer.from(sealed).includes(SECRET)).toBe(false);
});

test("a secret of no bytes is one, too", () => {
  expect(seal.unseal("a", seal.seal("a", new Uint8Array(0)))).toHaveLength(0);
});

describe("it does not open", () => {
  const refusal = (open: () => unknown): { readonly code?: string; readonly message?: string } => {
    try {
      open();
      return {};
    } catch (error) {
      return error as { readonly code: string; readonly message: string };
    }
  };

  test("for another purpose", () => {
    expect(refusal(() => seal.unseal("b", seal.seal("a", SECRET)))).toMatchObject({
      code: "internal",
    });
  });

  test("under another master key, which is told apart from damage", () => {
    const other = createSeal({ masterKey: new Uint8Array(32).fill(2), random: systemRandom });
    const error = refusal(() => other.unseal("a", seal.seal("a", SECRET)));
    expect(error.code).toBe("master_key_wrong");
    expect(error.message).not.toContain("02020202");
  });

  test("when any byte was changed", () => {
    const sealed = seal.seal("a", SECRET);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(refusal(() => seal.unseal("a", changed)).code).toMatch(/internal|master_key_wrong/);
    }
  });

  test("when it was cut short", () => {
    const sealed = seal.seal("a", SECRET);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(refusal(() => seal.unseal("a", sealed.subarray(0, length))).code).toBeDefined();
    }
  });
});

test("a master key of another length is refused", () => {
  expect(() => createSeal({ masterKey: new Uint8Array(31), random: systemRandom })).toThrow(
    /31 bytes: expected 32/,
  );
});
