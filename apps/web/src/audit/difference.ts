// What an act changed, field by field, from the JSON of what was there before and since.

export interface ChangedField {
  /** Empty: the whole is no object. */
  readonly field: string;
  /** Undefined: it was not there. */
  readonly before: string | undefined;
  /** Undefined: it is not there. */
  readonly after: string | undefined;
}

/** Fields that are the same on both sides are left out; where one side is missing, all of the other are told. */
export function differenceOf(beforeJson: string, afterJson: string): readonly ChangedField[] {
  const [before, after] = [fieldsOf(beforeJson), fieldsOf(afterJson)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .map((field) => ({ field, before: before.get(field), after: after.get(field) }))
    .filter((each) => each.before !== each.after);
}

function fieldsOf(json: string): ReadonlyMap<string, string> {
  if (json === "") return new Map();
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return new Map([["", json]]);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([["", wordsOf(value)]]);
  return new Map(Object.entries(value).map(([name, inner]) => [name, wordsOf(inner)]));
}

function wordsOf(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "string") return value === "" ? "empty" : value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value) && value.every((each) => typeof each === "string"))
    return value.length === 0 ? "none" : value.join(", ");
  return JSON.stringify(value);
}
