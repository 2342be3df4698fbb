// A server as a person names it, in a configuration or on the command line: well-formed, and a place where one can be.

import {
  type AddressScope,
  addressScope,
  type NamedTarget,
  parseTarget,
  type Result,
  refused,
} from "@truechimer/base";

const NO_PLACE: ReadonlySet<AddressScope> = new Set(["multicast", "unspecified"]);

/** Refused with a sentence for whoever typed it. */
export function parseServerTarget(text: string): Result<NamedTarget, string> {
  const parsed = parseTarget(text);
  if (!parsed.ok || typeof parsed.value.host === "string") return parsed;
  const { host } = parsed.value;
  const scope = addressScope(host);
  if (!NO_PLACE.has(scope)) return parsed;
  const article = scope === "unspecified" ? "an" : "a";
  return refused(`${host.text} is ${article} ${scope} address: no server can be there`);
}
