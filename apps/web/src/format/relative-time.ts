// Ages in one unit, rounded down, so that "2 min" is never less than two minutes.

import { NO_BREAK_SPACE } from "./number.ts";

const STEPS = [
  { name: "d", ms: 86_400_000 },
  { name: "h", ms: 3_600_000 },
  { name: "min", ms: 60_000 },
  { name: "s", ms: 1_000 },
] as const;

/** "12 s", "3 min", "2 h", "4 d"; "0 s" for what is not yet a second old. */
export function formatAge(ageMs: number): string {
  const size = Math.max(0, ageMs);
  const step = STEPS.find((candidate) => size >= candidate.ms) ?? STEPS[3];
  return `${Math.floor(size / step.ms)}${NO_BREAK_SPACE}${step.name}`;
}

/** "12 s ago", "just now", "in 5 s". */
export function formatRelative(atMs: number, nowMs: number): string {
  const ageMs = nowMs - atMs;
  if (ageMs <= -1_000) return `in ${formatAge(-ageMs)}`;
  return ageMs < 1_000 ? "just now" : `${formatAge(ageMs)} ago`;
}

/** Two units where one would be coarse: "2 h 5 min", "3 d 4 h". */
export function formatLong(ms: number): string {
  const size = Math.max(0, ms);
  const index = STEPS.findIndex((candidate) => size >= candidate.ms);
  const step = STEPS[index];
  const next = STEPS[index + 1];
  if (step === undefined || next === undefined) return formatAge(size);
  const rest = Math.floor((size % step.ms) / next.ms);
  return rest === 0 ? formatAge(size) : `${formatAge(size)} ${rest}${NO_BREAK_SPACE}${next.name}`;
}
