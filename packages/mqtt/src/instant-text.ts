// Instants as the NTP Pool's messages write them: RFC 3339, to the nanosecond, without zeros at the end of the fraction.

import type { UnixNs } from "@truechimer/base";

const NS_PER_SECOND = 1_000_000_000n;
const MS_PER_SECOND = 1_000n;
const FRACTION_DIGITS = 9;
const FORM =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** "2026-04-29T07:00:00.25Z". Years 1 to 9999. */
export function instantText(atNs: UnixNs): string {
  const nanos = ((atNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = (atNs - nanos) / NS_PER_SECOND;
  const whole = new Date(Number(seconds * MS_PER_SECOND)).toISOString().slice(0, 19);
  const fraction = nanos.toString().padStart(FRACTION_DIGITS, "0").replace(/0+$/, "");
  return `${whole}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/** The instant without its fraction, as a status message has it. */
export function wholeSecondsText(atNs: UnixNs): string {
  return instantText(atNs - (((atNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND));
}

/** In any zone. Absent: the text is no instant. */
export function parseInstant(text: string): UnixNs | undefined {
  const [, date, time, fraction = "", sign = "+", hours = "0", minutes = "0"] =
    FORM.exec(text) ?? [];
  const ms = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(ms)) return undefined;
  const zoneSeconds = BigInt(Number(hours) * 3_600 + Number(minutes) * 60);
  const localNs = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(FRACTION_DIGITS, "0") || "0");
  return localNs - (sign === "-" ? -zoneSeconds : zoneSeconds) * NS_PER_SECOND;
}
