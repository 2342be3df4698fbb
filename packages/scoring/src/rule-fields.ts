// Reads the fields of a rule set's JSON one by one and gathers every problem with its place, so that whoever wrote the
// document sees all of them at once.

import { parseDurationMs } from "@truechimer/base";

/** What is wrong where. */
export interface RuleProblem {
  /** Such as "steps[3].cap"; empty: the document as a whole. */
  readonly place: string;
  /** What was found, what was expected. */
  readonly text: string;
}

/** `steps[3].cap: 1e9 is too large: expected a number from −1000 to 1000`. */
export function ruleProblemText({ place, text }: RuleProblem): string {
  return place === "" ? text : `${place}: ${text}`;
}

/** Problems that are told of one document: more would only repeat the first. */
const RULE_PROBLEMS_MAX = 50;
const SHOWN_CHARACTERS_MAX = 60;
const NS_PER_MS = 1_000_000;

/** From the least to the greatest, both allowed. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
  /** The ends themselves are not allowed. */
  readonly open?: true;
}

/** The fields of one object; what is not asked for is an unknown key in the end. */
export class RuleFields {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #place: string;
  readonly #problems: RuleProblem[];
  readonly #asked = new Set<string>();

  constructor(given: unknown, place: string, problems: RuleProblem[]) {
    this.#place = place;
    this.#problems = problems;
    const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
    if (!isObject) this.problem("", `${shown(given)} is not an object: expected one in { }`);
    this.#given = isObject ? (given as Readonly<Record<string, unknown>>) : {};
  }

  has(key: string): boolean {
    this.#asked.add(key);
    return this.#given[key] !== undefined;
  }

  value(key: string): unknown {
    this.#asked.add(key);
    return this.#given[key];
  }

  place(key: string): string {
    return this.#place === "" || key === "" ? `${this.#place}${key}` : `${this.#place}.${key}`;
  }

  problem(key: string, text: string): void {
    if (this.#problems.length < RULE_PROBLEMS_MAX)
      this.#problems.push({ place: this.place(key), text });
  }

  number(key: string, range: NumberRange): number | undefined {
    const value = this.value(key);
    if (typeof value === "number" && isWithin(value, range)) return value;
    this.problem(key, `${shown(value)}: expected ${rangeText(range)}`);
    return undefined;
  }

  text(key: string, pattern: RegExp, expected: string): string | undefined {
    const value = this.value(key);
    if (typeof value === "string" && pattern.test(value)) return value;
    this.problem(key, `${shown(value)}: expected ${expected}`);
    return undefined;
  }

  oneOf<Word extends string>(key: string, words: readonly Word[]): Word | undefined {
    const value = this.value(key);
    const found = words.find((word) => word === value);
    if (found === undefined) this.problem(key, `${shown(value)}: expected ${listText(words)}`);
    return found;
  }

  /** Only `expected` itself may be given. */
  flag(key: string, expected: boolean): boolean {
    if (this.value(key) === expected) return true;
    this.problem(key, `${shown(this.value(key))}: expected ${expected}, or no such key`);
    return false;
  }

  /** Nanoseconds. */
  duration(
    key: string,
    { min, max }: { readonly min: string; readonly max: string },
  ): bigint | undefined {
    const value = this.value(key);
    const parsed = typeof value === "string" ? parseDurationMs(value) : undefined;
    const expected = `expected a duration with its unit from "${min}" to "${max}", such as "25ms"`;
    if (parsed?.ok !== true) {
      this.problem(key, `${shown(value)}: ${expected}`);
      return undefined;
    }
    if (parsed.value >= msOf(min) && parsed.value <= msOf(max))
      return BigInt(Math.round(parsed.value * NS_PER_MS));
    this.problem(key, `${shown(value)}: ${expected}`);
    return undefined;
  }

  /** Its items, at least one. */
  list(key: string, itemsMax: number): readonly unknown[] {
    const value = this.value(key);
    if (Array.isArray(value) && value.length > 0 && value.length <= itemsMax)
      return value as readonly unknown[];
    this.problem(
      key,
      `${Array.isArray(value) ? `${value.length} items` : shown(value)}: expected a list of 1 to ${itemsMax} items`,
    );
    return [];
  }

  words<Word extends string>(key: string, words: readonly Word[]): readonly Word[] {
    return this.list(key, words.length).flatMap((value, index) => {
      const found = words.find((word) => word === value);
      if (found === undefined)
        this.problem(`${key}[${index}]`, `${shown(value)}: expected ${listText(words)}`);
      return found === undefined ? [] : [found];
    });
  }

  /** To be called last. */
  refuseOthers(): void {
    for (const key of Object.keys(this.#given)) {
      if (!this.#asked.has(key))
        this.problem(key, `there is no such key: expected ${listText([...this.#asked])}`);
    }
  }
}

/** As the document has it, cut short. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  // JSON has no word for these, and would call them null.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

function isWithin(value: number, { min, max, integer, open }: NumberRange): boolean {
  if (!Number.isFinite(value) || (integer === true && !Number.isInteger(value))) return false;
  return open === true ? value > min && value < max : value >= min && value <= max;
}

function rangeText({ min, max, integer, open }: NumberRange): string {
  const what = integer === true ? "a whole number" : "a number";
  return open === true
    ? `${what} between ${min} and ${max}, neither of them`
    : `${what} from ${min} to ${max}`;
}

function listText(words: readonly string[]): string {
  return words.length === 1 ? (words[0] ?? "") : `one of ${words.join(", ")}`;
}

function msOf(text: string): number {
  const parsed = parseDurationMs(text);
  return parsed.ok ? parsed.value : 0;
}
