// Colour and weight on a terminal that wants them; plain text anywhere else. Words carry the meaning, colour repeats it.

import { stripVTControlCharacters, styleText } from "node:util";

type Format = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta";

export type Style = Readonly<Record<Format, (text: string) => string>>;

const FORMATS: readonly Format[] = ["bold", "dim", "red", "green", "yellow", "cyan", "magenta"];

/** On a terminal, unless NO_COLOR is set to anything or the terminal says that it has none. */
export function colourWanted(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  return isTerminal && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

/** `colour` false gives every text back as it came. */
export function createStyle(colour: boolean): Style {
  const apply = (format: Format) => (text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return Object.fromEntries(FORMATS.map((format) => [format, apply(format)])) as Style;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from elsewhere (a server's name, a peer's message) made safe for a terminal: no escape sequence, no line break,
 * no change of writing direction.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, "�");
}
