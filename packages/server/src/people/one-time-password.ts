// One-time passwords by time (RFC 6238): HMAC-SHA-1 over the number of the step, as every app makes them. node:crypto has
// the HMAC; what is left is a dozen lines.

import { createHmac } from "node:crypto";
import { sameBytes } from "../http/token.ts";

/** RFC 6238, section 5.2; apps know no other. */
const STEP_NS = 30_000_000_000n;
/** RFC 4226, section 5.3; what apps show. */
const DIGITS = 6;
/** RFC 6238, section 5.2: one step either way for the phone's clock and for typing. */
const STEPS_ASIDE = 1n;

/** RFC 4226, section 5.3. */
export function oneTimePassword(secret: Uint8Array, step: bigint, digits: number = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(step);
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = (mac[mac.length - 1] ?? 0) & 0xf;
  const truncated = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, "0");
}

/** The step that the code is of. Absent: of none that is taken now; one up to `lastStep` was taken before. */
export function stepOfCode(
  secret: Uint8Array,
  code: string,
  { nowNs, lastStep }: { readonly nowNs: bigint; readonly lastStep: bigint },
): bigint | undefined {
  const now = nowNs / STEP_NS;
  let found: bigint | undefined;
  for (let step = now - STEPS_ASIDE; step <= now + STEPS_ASIDE; step += 1n) {
    const isIt = sameBytes(Buffer.from(oneTimePassword(secret, step)), Buffer.from(code));
    if (isIt && step > lastStep) found = step;
  }
  return found;
}
