import { expect, test } from "vitest";
import { refusalWords } from "./refusal-words.ts";

test("each refusal has words of its own, and what is no refusal has none", () => {
  const codes = [
    "attempt_ended",
    "provider_refused",
    "provider_unreachable",
    "no_role",
    "no_account",
    "bad_name",
    "name_taken",
    "locked_out",
  ];
  const words = codes.map((code) => refusalWords(`?a=b&sign_in_refused=${code}`));
  expect(new Set(words).size).toBe(codes.length);
  expect(words).not.toContain(undefined);
  for (const search of ["", "?sign_in_refused=", "?sign_in_refused=constructor", "?key_refused=1"])
    expect(refusalWords(search)).toBeUndefined();
});
