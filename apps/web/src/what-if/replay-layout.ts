// Where the lines of a replay stand: two scores over time, each as steps, and under them what the verdict was and would be.

import type { VerdictName } from "../parts/words.ts";

export interface ScoreAt {
  readonly atMs: number;
  /** Undefined: there was none yet. */
  readonly score: number | undefined;
  readonly scoreTried: number | undefined;
}

export interface VerdictsAt {
  readonly atMs: number;
  readonly verdict: VerdictName;
  readonly verdictTried: VerdictName;
}

export interface ReplayInput {
  readonly fromMs: number;
  readonly toMs: number;
  /** Oldest first, as the verdicts. */
  readonly scores: readonly ScoreAt[];
  readonly verdicts: readonly VerdictsAt[];
}

export interface VerdictStretch {
  readonly x: number;
  readonly width: number;
  readonly verdict: VerdictName;
}

export interface ReplayLayout {
  /** Of an SVG path, as it was and as it would be. */
  readonly path: string;
  readonly pathTried: string;
  readonly levels: readonly { readonly score: number; readonly y: number }[];
  readonly strip: readonly VerdictStretch[];
  readonly stripTried: readonly VerdictStretch[];
}

const SCORE_TOP = 20;
const PAD = 8;
/** Below it two numbers would run into each other. */
const LEVELS_APART = 14;

export function replayLayout(
  { fromMs, toMs, scores, verdicts }: ReplayInput,
  { width, height }: { readonly width: number; readonly height: number },
): ReplayLayout {
  const xOf = (atMs: number): number =>
    ((Math.min(Math.max(atMs, fromMs), toMs) - fromMs) / Math.max(1, toMs - fromMs)) * width;
  const known = scores.flatMap(({ score, scoreTried }) => [score ?? 0, scoreTried ?? 0]);
  const low = Math.min(0, ...known);
  const yOf = (score: number): number =>
    PAD + ((SCORE_TOP - score) / (SCORE_TOP - low)) * (height - 2 * PAD);
  const line = (value: (at: ScoreAt) => number | undefined): string => {
    const parts: string[] = [];
    for (const at of scores) {
      const score = value(at);
      if (score === undefined) continue;
      const [x, y] = [round(xOf(at.atMs)), round(yOf(score))];
      parts.push(parts.length === 0 ? `M${x} ${y}` : `H${x}V${y}`);
    }
    if (parts.length > 0) parts.push(`H${round(width)}`);
    return parts.join("");
  };
  const strip = (value: (at: VerdictsAt) => VerdictName): readonly VerdictStretch[] =>
    stretches(verdicts, value).map(({ verdict, beginMs, endMs }) => {
      const x = xOf(beginMs);
      return { verdict, x: round(x), width: round(xOf(endMs ?? toMs) - x) };
    });
  return {
    path: line(({ score }) => score),
    pathTried: line(({ scoreTried }) => scoreTried),
    levels: levelsApart([SCORE_TOP, 10, 0, Math.round(low)], yOf),
    strip: strip(({ verdict }) => verdict),
    stripTried: strip(({ verdictTried }) => verdictTried),
  };
}

interface Stretch {
  readonly verdict: VerdictName;
  readonly beginMs: number;
  /** Undefined: to the end of the range. */
  endMs: number | undefined;
}

/** One for as long as the verdict is the same. */
function stretches(
  verdicts: readonly VerdictsAt[],
  value: (at: VerdictsAt) => VerdictName,
): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const at of verdicts) {
    const verdict = value(at);
    const last = found.at(-1);
    if (last?.verdict === verdict) continue;
    if (last !== undefined) last.endMs = at.atMs;
    found.push({ verdict, beginMs: at.atMs, endMs: undefined });
  }
  return found;
}

function levelsApart(
  scores: readonly number[],
  yOf: (score: number) => number,
): ReplayLayout["levels"] {
  const levels: { readonly score: number; readonly y: number }[] = [];
  for (const score of new Set(scores)) {
    const y = round(yOf(score));
    if (levels.every((other) => Math.abs(other.y - y) >= LEVELS_APART)) levels.push({ score, y });
  }
  return levels;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
