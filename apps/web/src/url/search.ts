// The part of an address behind "?": plain words that a person can read and edit.

/** Every search parameter is a text; what is absent has its default. */
export type Search = Readonly<Record<string, string>>;

/** "?verdict=unsure&sort=-offset" → { verdict: "unsure", sort: "-offset" } */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** The inverse; whatever is no text, and empty ones, are left out. Commas and colons stay readable. */
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value !== "string" || value === "") continue;
    parameters.set(key, value);
  }
  const text = parameters.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text === "" ? "" : `?${text}`;
}

/** `search` with `patch` applied; undefined in the patch removes. */
export function patchSearch(
  search: Search,
  patch: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...search, ...patch })) {
    if (value !== undefined && value !== "") merged[key] = value;
  }
  return merged;
}

/** "a,b" → ["a", "b"]; absent → []. */
export function listOf(text: string | undefined): readonly string[] {
  return text === undefined || text === "" ? [] : text.split(",");
}
