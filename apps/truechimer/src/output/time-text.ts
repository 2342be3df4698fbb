// Instants in ISO form, UTC, and how long ago they were.

const SECOND_MS = 1_000;
const STEPS = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: SECOND_MS },
] as const;

/** "2026-03-01T12:00:00.250Z" */
export function instantText(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** "12 s ago"; "now" below a second; "in 3 s" for what lies ahead. */
export function agoText(atMs: number, nowMs: number): string {
  const distanceMs = Math.abs(nowMs - atMs);
  const step = STEPS.find((candidate) => distanceMs >= candidate.ms);
  if (step === undefined) return "now";
  const amount = `${Math.floor(distanceMs / step.ms)} ${step.unit}`;
  return atMs > nowMs ? `in ${amount}` : `${amount} ago`;
}
