// Instants as ISO 8601 text, in UTC or the browser's own zone.

export type Zone = "utc" | "local";

/** How much of an instant is shown. */
export type InstantParts = "date-time" | "time" | "minute" | "date" | "milliseconds";

/** "2026-11-20 14:02:11Z", or with the zone's distance from UTC. */
export function formatInstant(atMs: number, zone: Zone, parts: InstantParts = "date-time"): string {
  const iso = new Date(atMs + zoneOffsetMs(atMs, zone)).toISOString();
  const date = iso.slice(0, 10);
  const suffix = zoneSuffix(atMs, zone);
  if (parts === "date") return date;
  if (parts === "time") return iso.slice(11, 19) + suffix;
  if (parts === "minute") return iso.slice(11, 16) + suffix;
  if (parts === "milliseconds") return `${date} ${iso.slice(11, 23)}${suffix}`;
  return `${date} ${iso.slice(11, 19)}${suffix}`;
}

/** The shortest form that is not ambiguous at `nowMs`: the time alone today, else with its date. */
export function formatInstantNear(atMs: number, nowMs: number, zone: Zone): string {
  const sameDay = formatInstant(atMs, zone, "date") === formatInstant(nowMs, zone, "date");
  return formatInstant(atMs, zone, sameDay ? "time" : "date-time");
}

/** Time of day with nanoseconds, from nanoseconds since 1970: "14:02:11.123456789". */
export function formatStamp(unixNs: bigint, zone: Zone): string {
  const ms = Number(unixNs / 1_000_000n);
  const fraction = (((unixNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n).toString();
  const clock = new Date(ms + zoneOffsetMs(ms, zone)).toISOString().slice(11, 19);
  return `${clock}.${fraction.padStart(9, "0")}`;
}

/** What the browser's zone adds to UTC at that instant, in milliseconds. */
export function zoneOffsetMs(atMs: number, zone: Zone): number {
  return zone === "utc" ? 0 : -new Date(atMs).getTimezoneOffset() * 60_000;
}

function zoneSuffix(atMs: number, zone: Zone): string {
  if (zone === "utc") return "Z";
  const minutes = Math.round(zoneOffsetMs(atMs, zone) / 60_000);
  const size = Math.abs(minutes);
  const hours = Math.floor(size / 60)
    .toString()
    .padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${hours}:${(size % 60).toString().padStart(2, "0")}`;
}
