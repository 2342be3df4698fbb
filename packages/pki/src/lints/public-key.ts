// The key is the planned one, on a curve that the profile allows, and its point is on that curve.

import { equalBytes } from "../octets.ts";
import { importPublicKey, parsePublicKey } from "../public-key.ts";
import type { Lint } from "./lint.ts";

export const publicKey: Lint = {
  name: "public-key",
  source: "RFC 5480, section 2.2",
  finding: async ({ publicKeyDer }, plan) => {
    if (!equalBytes(publicKeyDer, plan.publicKey.der))
      return "the public key is not the planned one";
    const key = parsePublicKey(publicKeyDer);
    if (!key.ok) return key.error;
    const { name } = key.value.curve;
    if (!plan.profile.curves.includes(name)) {
      return `a key on ${name}: the profile ${plan.profile.name} has ${plan.profile.curves.join(", ")}`;
    }
    const imported = await importPublicKey(key.value);
    return imported.ok ? undefined : imported.error;
  },
};
