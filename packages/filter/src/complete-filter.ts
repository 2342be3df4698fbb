// What could stand at the cursor: fields, operators, words, units.

import { FIELDS, findField, writtenName } from "./catalogue.ts";
import type { OPERATORS } from "./characters.ts";
import type { Field, Subject } from "./field.ts";
import { UNITS } from "./parse-value.ts";
import { asciiLower } from "./pattern.ts";
import { valueText } from "./print-filter.ts";

/** One thing to choose. */
export interface Candidate {
  readonly text: string;
  readonly kind: "field" | "operator" | "value" | "keyword";
  /** What it means, for people. */
  readonly doc: string;
}

export interface Completion {
  /** The part of the text that a candidate takes the place of, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
  readonly candidates: readonly Candidate[];
}

export interface CompletionQuestion {
  readonly text: string;
  readonly cursor: number;
  readonly subject: Subject;
  /** Values of a text field that are known to exist, such as names of servers. */
  readonly valuesOf?: (field: Field) => readonly string[];
}

/** So many that a list can still be read. */
const CANDIDATES_MAX = 12;

/** Never throws, whatever the text. */
export function completeFilter(question: CompletionQuestion): Completion {
  const { text, subject } = question;
  const cursor = Math.max(0, Math.min(question.cursor, text.length));
  const from = fragmentStart(text, cursor);
  const fragment = text.slice(from, cursor);
  const match = /^([A-Za-z][\w.]*)(!=|<=|>=|[:=<>])((?:[^",]*,|"[^"]*",)*)(.*)$/s.exec(fragment);
  if (match === null)
    return { from, to: cursor, candidates: atWord(text.slice(0, from), fragment, subject) };
  const [, name = "", , , partial = ""] = match;
  const field = findField(subject, name);
  const candidates = field === undefined ? [] : valuesAt(field, partial, question);
  return { from: cursor - partial.length, to: cursor, candidates };
}

/** Behind the last space or parenthesis that is not within quotes. */
function fragmentStart(text: string, cursor: number): number {
  let start = 0;
  let quoted = false;
  for (let at = 0; at < cursor; at += 1) {
    const character = text[at] ?? "";
    if (quoted && character === "\\") at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && /[\s()]/.test(character)) start = at + 1;
  }
  return start;
}

function atWord(before: string, fragment: string, subject: Subject): readonly Candidate[] {
  const exact = /^[A-Za-z]/.test(fragment) ? findField(subject, fragment) : undefined;
  const operators =
    exact === undefined
      ? []
      : operatorsOf(exact).map(
          (operator): Candidate => ({
            text: fragment + operator,
            kind: "operator",
            doc: OPERATOR_DOCS[operator],
          }),
        );
  const fields = FIELDS[subject].map((field): Candidate => {
    const text = writtenName(field, subject);
    return { text, kind: "field", doc: field.doc };
  });
  const matching = ranked(fields, fragment).filter(({ text }) => text !== fragment);
  const keywords = keywordsAfter(before, fragment);
  return [...operators, ...(fragment === "" ? [] : keywords), ...matching].slice(0, CANDIDATES_MAX);
}

const OPERATOR_DOCS: Readonly<Record<(typeof OPERATORS)[number], string>> = {
  ":": "is, or is like (* and ?)",
  "=": "is exactly",
  "!=": "is not",
  "<": "less than",
  "<=": "at most",
  ">": "more than",
  ">=": "at least",
};

function operatorsOf({ type }: Field): readonly (typeof OPERATORS)[number][] {
  if (type === "text" || type === "word") return [":", "=", "!="];
  return type === "flag" ? [":"] : [":", "<", "<=", ">", ">=", "!="];
}

function keywordsAfter(before: string, fragment: string): readonly Candidate[] {
  const startsTerm = before.trim() === "" || /(?:\(|\b(?:and|or|not))\s*$/i.test(before);
  const keywords: readonly Candidate[] = [
    { text: "not", kind: "keyword", doc: "the opposite; what is unknown stays unknown" },
    ...(startsTerm
      ? []
      : ([
          { text: "or", kind: "keyword", doc: "either of both" },
          { text: "and", kind: "keyword", doc: "both; the same as nothing between" },
        ] as const)),
  ];
  return keywords.filter(
    ({ text }) => text.startsWith(fragment.toLowerCase()) && text !== fragment,
  );
}

function valuesAt(
  field: Field,
  partial: string,
  { valuesOf }: CompletionQuestion,
): readonly Candidate[] {
  const plain = partial.replace(/^"/, "");
  const value = (text: string, doc: string): Candidate => ({ text, kind: "value", doc });
  const found = ranked(
    valueTexts(field, plain, valuesOf).map((text) => value(text, valueDoc(field, plain, text))),
    plain,
  ).map((candidate) => value(valueText({ text: candidate.text, quoted: false }), candidate.doc));
  const presence =
    field.absent === undefined
      ? []
      : ranked([value("none", field.absent), value("any", "there is one")], plain);
  return [...found, ...presence].filter(({ text }) => text !== partial).slice(0, CANDIDATES_MAX);
}

function valueTexts(
  field: Field,
  partial: string,
  valuesOf: CompletionQuestion["valuesOf"],
): readonly string[] {
  switch (field.type) {
    case "word":
      return field.words ?? [];
    case "flag":
      return ["yes", "no"];
    case "text":
      return valuesOf?.(field) ?? [];
    case "share":
      return /^\d+$/.test(partial) ? [`${partial}%`] : ["1%", "5%", "50%"];
    case "offset":
    case "magnitude":
    case "duration":
      return withUnits(partial, ["100us", "1ms", "5ms", "25ms", "1s"]);
    case "age":
    case "left":
      return withUnits(partial, ["5m", "1h", "1d", "7d"]);
    case "instant":
      return ["now-1h", "now-1d", "now-7d"];
    default:
      return [];
  }
}

function withUnits(partial: string, without: readonly string[]): readonly string[] {
  return BARE_NUMBER.test(partial) ? UNITS.map(([unit]) => partial + unit) : without;
}

const BARE_NUMBER = /^[-+]?\d+(?:\.\d+)?$/;

/** Of a number that waits for its unit, the unit; of all others what the field is. */
function valueDoc(field: Field, partial: string, text: string): string {
  if (!BARE_NUMBER.test(partial)) return field.doc;
  return UNITS.find(([unit]) => partial + unit === text)?.[1] ?? field.doc;
}

/** Those that begin so, then those that have it within. */
function ranked(candidates: readonly Candidate[], fragment: string): readonly Candidate[] {
  const wanted = asciiLower(fragment);
  const begins = candidates.filter(({ text }) => asciiLower(text).startsWith(wanted));
  const within = candidates.filter(({ text }) => asciiLower(text).indexOf(wanted) > 0);
  return [...begins, ...within];
}
