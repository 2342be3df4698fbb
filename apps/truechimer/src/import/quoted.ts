// A word from a file, in a message.

/** No name of a host that people use is longer, and a message stays a sentence. */
const CHARACTERS_MAX = 60;

/** In quotes; of a long word the beginning. */
export function quoted(text: string): string {
  return text.length > CHARACTERS_MAX ? `"${text.slice(0, CHARACTERS_MAX)}…"` : `"${text}"`;
}
