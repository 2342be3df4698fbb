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

/** Whether a text is like the pattern. Time grows with the product of both lengths at most, whatever they are. */
export function patternTest(pattern: Pattern): (text: string) => boolean {
  const [first, second, third, ...more] = pattern;
  if (more.length === 0) {
    if (first?.kind === "text" && second === undefined) {
      // Another case is of the same length: most texts are told apart by theirs.
      const { text: wanted } = first;
      return (text) =>
        text === wanted || (text.length === wanted.length && asciiLower(text) === wanted);
    }
    if (first?.kind === "any" && second?.kind === "text" && third?.kind === "any") {
      return (text) => asciiLower(text).includes(second.text);
    }
    if (first?.kind === "text" && second?.kind === "any" && third === undefined) {
      return (text) => asciiLower(text).startsWith(first.text);
    }
  }
  const steps = pattern.flatMap((part): readonly string[] => {
    if (part.kind === "text") return Array.from(part.text);
    return [part.kind === "any" ? ANY : ONE];
  });
  return (text) => matchesSteps(steps, asciiLower(text));
}

// Longer than any character, so that no character is one of them.
const ANY = "any";
const ONE = "one";

/** Only the last * is ever looked back to: what an earlier one could take, it can take as well. */
function matchesSteps(steps: readonly string[], text: string): boolean {
  let step = 0;
  let at = 0;
  let stepBehindAny = -1;
  let anyEndsAt = 0;
  while (at < text.length) {
    const wanted = steps[step];
    const character = characterAt(text, at);
    if (wanted === ANY) {
      step += 1;
      stepBehindAny = step;
      anyEndsAt = at;
    } else if (wanted === ONE || wanted === character) {
      step += 1;
      at += character.length;
    } else if (stepBehindAny >= 0) {
      anyEndsAt += characterAt(text, anyEndsAt).length;
      at = anyEndsAt;
      step = stepBehindAny;
    } else return false;
  }
  while (steps[step] === ANY) step += 1;
  return step === steps.length;
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

/** Only A to Z: what every database agrees on, whatever its locale. */
export function asciiLower(text: string): string {
  return hasUpper(text) ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;

/** A loop over what is short and mostly lower-case takes a tenth of the time of a replacement. */
function hasUpper(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= UPPER_A && code <= UPPER_Z) return true;
  }
  return false;
}
