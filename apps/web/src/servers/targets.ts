// What was typed into the form for adding, one server a line.

/** More than this in one go is refused by the server. */
export const TARGETS_MAX = 1_000;

/** The lines without blanks, comments and doubles; commas divide like line ends. */
export function parseTargets(text: string): readonly string[] {
  const targets = text
    .split(/[\n,]/)
    .map((line) => line.replace(/#.*$/, "").trim())
    .map((line) => line.replace(/^(server|pool|peer)\s+(\S+).*$/, "$2"))
    .filter((line) => line !== "");
  return [...new Set(targets)];
}
