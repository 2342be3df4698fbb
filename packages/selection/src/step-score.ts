// What is better of two sets of changes: in this order, more usable active monitors; a floor of active ones at all; fewer
// broken limits; the shorter way to the target; less cost.

/** Higher is better, the first difference decides. */
export type StepScore = readonly [
  usable: number,
  working: number,
  violations: number,
  progress: number,
  activeProgress: number,
  cost: number,
];

/** By the first part that differs. */
export function isAbove(score: StepScore, other: StepScore): boolean {
  for (let part = 0; part < score.length; part += 1) {
    const difference = (score[part] as number) - (other[part] as number);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
