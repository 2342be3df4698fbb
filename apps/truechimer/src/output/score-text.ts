// Scores for people.

/** One decimal, a true minus sign; a dash when there is none. */
export function scoreText(score: number | undefined): string {
  return score?.toFixed(1).replace("-", "−") ?? "–";
}
