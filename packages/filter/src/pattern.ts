// Texts are compared with patterns as a shell does it: * is any text, ? any one character.

import type { Pattern, PatternPart } from "./condition.ts";

/** "ntp?.*" in its parts. */
export function parsePattern(text: string): Pattern {
  const parts: PatternPart[] = [];
  for (const piece of text.split(/([*?])/)) {
    if (piece === "*") {
      if (parts.at(-1)?.kind !== "any") parts.push({ kind: "any" });
    } else if (piece === "?") parts.push({ kind: "one" });
    else if (piece !== "") parts.push({ kind: "text", text: asciiLower(piece) });
  }
  return parts;
}

export function wildcardsIn(text: string): number {
  return text.split("*").length - 1;
}

/** Whether a text is like the pattern. */
export function patternTest(pattern: Pattern): (text: string) => boolean {
  const source = pattern.map(partSource).join("");
  const expression = new RegExp(`^${source}$`, "su");
  return (text) => expression.test(asciiLower(text));
}

function partSource(part: PatternPart): string {
  if (part.kind === "any") return ".*";
  return part.kind === "one" ? "." : part.text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/** Only A to Z: what every database agrees on, whatever its locale. */
export function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
