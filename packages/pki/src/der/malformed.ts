// How the parsers of this package stop: deep inside a structure they throw `Malformed`, and the parser that was called
// from outside turns it into a returned reason. Nothing else is caught.

import { ok, type Result, refused } from "@truechimer/base";

class Malformed extends Error {
  override readonly name = "Malformed";
}

/** Ends the parsing under way with a reason: lower case, what is wrong and where. */
export function malformed(reason: string): never {
  throw new Malformed(reason);
}

/** What `parse` gives, or the reason why it stopped. */
export function parsed<Value>(parse: () => Value): Result<Value, string> {
  try {
    return ok(parse());
  } catch (error) {
    if (error instanceof Malformed) return refused(error.message);
    throw error;
  }
}
