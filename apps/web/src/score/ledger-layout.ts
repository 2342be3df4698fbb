// Where the ledger's line and bars stand. One scale for scores and steps, so that a step of −5 looks as deep as the fall
// that it causes.

export interface LedgerStepNumbers {
  readonly scoreBefore?: number | undefined;
  readonly step: number;
  readonly scoreAfter: number;
}

export interface LedgerBar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly down: boolean;
}

export interface LedgerLayout {
  /** Of an SVG path: the score before the first step, and after each. */
  readonly path: string;
  readonly bars: readonly LedgerBar[];
  /** Scores with a hairline. */
  readonly levels: readonly { readonly score: number; readonly y: number }[];
}

const SCORE_TOP = 20;
const PAD = 8;
/** A bar is seen, however small its step and however many there are. */
const BAR_MIN = 1;
const BAR_SHARE = 0.5;

/** `steps`: oldest first. */
export function ledgerLayout(
  steps: readonly LedgerStepNumbers[],
  { width, height }: { readonly width: number; readonly height: number },
): LedgerLayout {
  if (steps.length === 0 || width <= 0) return { path: "", bars: [], levels: [] };
  const scores = [steps[0]?.scoreBefore ?? 0, ...steps.map(({ scoreAfter }) => scoreAfter)];
  const low = Math.min(0, ...scores, ...steps.map(({ step }) => step));
  const yOf = (score: number): number =>
    PAD + ((SCORE_TOP - score) / (SCORE_TOP - low)) * (height - 2 * PAD);
  const pitch = width / steps.length;
  const path = scores
    .map((score, index) => `${index === 0 ? "M" : "L"}${round(index * pitch)} ${round(yOf(score))}`)
    .join("");
  const barWidth = Math.max(BAR_MIN, pitch * BAR_SHARE);
  const bars = steps.map(({ step }, index) => {
    const [top, bottom] = step < 0 ? [yOf(0), yOf(step)] : [yOf(step), yOf(0)];
    return {
      x: round((index + 0.5) * pitch - barWidth / 2),
      y: round(top),
      width: round(barWidth),
      height: Math.max(BAR_MIN, round(bottom - top)),
      down: step < 0,
    };
  });
  const levels = [...new Set([SCORE_TOP, 10, 0, low])].map((score) => ({
    score,
    y: round(yOf(score)),
  }));
  return { path, bars, levels };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
