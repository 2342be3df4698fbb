// "Did you mean …?" for a mistyped word.

/** More edits than this, and the two words have nothing to do with each other. */
const DISTANCE_MAX = 3;

/** The closest of `candidates`, or undefined when none is close. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const beginning = candidates.find((candidate) => word !== "" && candidate.startsWith(word));
  if (beginning !== undefined) return beginning;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.min(DISTANCE_MAX, candidate.length / 2))
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Insertions, deletions and replacements from one word to the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [row, letter] of Array.from(from).entries()) {
    const current = [row + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      const edited = Math.min((previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1);
      current.push(Math.min(replaced, edited));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
