// Where the live page stands in time, as the address has it: `at` is an instant, `play` a speed. Without `at` it is live.

import type { SearchPatch } from "../url/use-search.ts";

/** How many times as fast as it was. */
export const SPEEDS = [1, 10, 60, 600] as const;
export type Speed = (typeof SPEEDS)[number];

export interface Playhead {
  /** Where it stood when the address was written, Unix milliseconds. */
  readonly atMs: number;
  /** 0: it stands still. */
  readonly speed: Speed | 0;
}

/** Undefined: live. An instant that cannot be read is as none. */
export function readPlayhead(
  at: string | undefined,
  play: string | undefined,
): Playhead | undefined {
  const atMs = Date.parse(at ?? "");
  if (Number.isNaN(atMs)) return undefined;
  return { atMs, speed: SPEEDS.find((speed) => String(speed) === play) ?? 0 };
}

/** For the address; undefined goes back to live. */
export function playheadSearch(head: Playhead | undefined): SearchPatch {
  if (head === undefined) return { at: undefined, play: undefined };
  return {
    at: new Date(head.atMs).toISOString(),
    play: head.speed === 0 ? undefined : String(head.speed),
  };
}

/** Where it stands a while after the address was written; never ahead of now. */
export function positionMs({ atMs, speed }: Playhead, passedMs: number, nowMs: number): number {
  return Math.floor(Math.min(atMs + speed * passedMs, nowMs));
}

/** The slider's right end is now, its left end the age of the oldest check; a step is the same share of any age. */
export const SLIDER_STEPS = 1_000;
const AGE_MS_MIN = 1_000;

/** Age of what the slider points at. */
export function ageOfStep(step: number, ageMsMax: number): number {
  const share = (SLIDER_STEPS - step) / SLIDER_STEPS;
  return share <= 0 ? 0 : AGE_MS_MIN * (Math.max(ageMsMax, AGE_MS_MIN) / AGE_MS_MIN) ** share;
}

/** The inverse, to the nearest step. */
export function stepOfAge(ageMs: number, ageMsMax: number): number {
  if (ageMs <= AGE_MS_MIN) return SLIDER_STEPS;
  const share =
    Math.log(ageMs / AGE_MS_MIN) / Math.log(Math.max(ageMsMax, 2 * AGE_MS_MIN) / AGE_MS_MIN);
  return Math.round(SLIDER_STEPS * (1 - Math.min(1, share)));
}
