// A score explained in one sentence.

export type Explanation =
  | { readonly kind: "unscored"; readonly server: string }
  | {
      readonly kind: "overall";
      readonly server: string;
      readonly score: number;
      /** Whose score was chosen. Empty: the row is no longer kept. */
      readonly chosenName: string;
      /** Who has a vote when it is counted again. */
      readonly votes: number;
      /** Whether it comes out the same when it is counted again. */
      readonly reproduced: boolean;
      /** What comes out else. Absent: nobody has a vote. */
      readonly scoreToday: number | undefined;
    }
  | {
      readonly kind: "every";
      readonly server: string;
      readonly score: number;
      readonly decay: number;
    }
  | {
      readonly kind: "monitor";
      readonly server: string;
      readonly score: number;
      readonly monitor: string;
      readonly steps: number;
      readonly decay: number;
    };

export function explanationSentence(explanation: Explanation): string {
  const { server } = explanation;
  if (explanation.kind === "unscored") {
    return `${server} has no score yet: no result of it has been counted`;
  }
  const score = explanation.score.toFixed(1);
  if (explanation.kind === "monitor") {
    const { monitor, steps, decay } = explanation;
    const told = steps === 1 ? "its last step" : `the last ${steps} of its steps`;
    return `${server} has ${score} from ${monitor}: ${decay} of the score before and a step for each check; below are ${told}`;
  }
  if (explanation.kind === "every") {
    return `${server} has ${score}: ${explanation.decay} of the score before and the step of each result, of all monitors as if they were one`;
  }
  const { votes, chosenName, reproduced, scoreToday } = explanation;
  if (chosenName === "") return `${server} has ${score}, of a result that is no longer kept`;
  const chosen = `${server} has ${score}: the score of ${chosenName}`;
  if (!reproduced) {
    const today =
      scoreToday === undefined ? "nobody has a vote" : `it would be ${scoreToday.toFixed(1)}`;
    return `${chosen}, chosen from what was known then; counted again with what came or changed since, ${today}`;
  }
  if (votes === 1) return `${chosen}, the only monitor with a vote`;
  return votes === 2
    ? `${chosen}, the older of two votes`
    : `${chosen}, the middle one of ${votes} votes`;
}
