// The last gate before a log line is written.

/** What stands in place of a secret. */
export const REDACTED = "[redacted]";

/** Fields whose value is a secret by name. `ticket` proves that work was handed out, so it counts as one. */
const SECRET_KEY =
  /^(authorization|cookie|set-?cookie|password|passwd|passphrase|secret|token|ticket|api_?key|one_?time_?key|private_?key|admin_?keys?)$|(_|-)?(password|secret|token|private_?key|api_?key)$/i;

/**
 * Our tokens (programs `tca_`, monitors `tcm_`, one-time keys `tco_`, enrolment `tce_`, sessions `tcs_` and `tcu_`, links
 * `tcl_`, sign-ins at a provider `tcx_`), wherever they stand in a text.
 */
const SECRET_TEXT = /\btc[aelmosux]_[A-Za-z0-9_-]{8,}/g;
const BEARER = /\b(bearer\s+)[^\s"',]+/gi;
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]*@/gi;
const URL_KEY = /([?&](?:key|token|password)=)[^&\s"']+/gi;

/** Objects nested deeper than this are replaced, which also ends cycles. */
const DEPTH_MAX = 8;
/** Longer texts are cut: a log line is no place for a body. */
const TEXT_CHARACTERS_MAX = 8_192;

/** A copy without secrets, in which a bigint is text and bytes are their count. */
export function redactSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH_MAX) return "[too deep]";
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => redactSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET_KEY.test(key) && inner !== undefined && inner !== null
        ? REDACTED
        : redactSecrets(inner, depth + 1),
    ]),
  );
}

/** The same for one text: tokens, bearer values, and passwords and keys within URLs. */
export function redactText(text: string): string {
  const cut =
    text.length > TEXT_CHARACTERS_MAX
      ? `${text.slice(0, TEXT_CHARACTERS_MAX)}… (${text.length} characters)`
      : text;
  return cut
    .replace(SECRET_TEXT, REDACTED)
    .replace(BEARER, `$1${REDACTED}`)
    .replace(URL_PASSWORD, `$1:${REDACTED}@`)
    .replace(URL_KEY, `$1${REDACTED}`);
}
