// Words that repeat, kept once, with a number for each in the rows.

/** Numbers from 0, in the order in which the words came. */
export interface CodeDictionary {
  readonly words: readonly string[];
  codeOf(word: string): number;
}

/** One byte a row; what comes when they are used up is told as `other`. */
const CODES_MAX = 255;
const OTHER = "other";

/** With the empty word (no reason) as 0. */
export function createCodeDictionary(): CodeDictionary {
  const words = ["", OTHER];
  const codes = new Map(words.map((word, code) => [word, code]));
  return {
    words,
    codeOf: (word) => {
      const known = codes.get(word);
      if (known !== undefined) return known;
      if (words.length > CODES_MAX) return 1;
      codes.set(word, words.length);
      return words.push(word) - 1;
    },
  };
}
