// The lines of a file that is read line by line.

import type { Place } from "./finding.ts";

export interface TextLine extends Place {
  readonly line: number;
}

/** Those that say something, without the blanks around them. Any line break of the three ends a line. */
export function textLines(text: string): readonly TextLine[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ line: index + 1, text: line.trim() }))
    .filter((line) => line.text !== "");
}

/** chronyd reads 2,047 characters of a line, ntpd fewer; no server needs as many. */
const LINE_CHARACTERS_MAX = 2_047;

/** Why a line is not read. Absent: it is. */
export function lineProblem({ text }: TextLine): string | undefined {
  return text.length > LINE_CHARACTERS_MAX
    ? `the line has ${text.length} characters: at most ${LINE_CHARACTERS_MAX} are read`
    : undefined;
}
