// From a text to a filter: or binds weakest, then and (also where nothing stands between two terms), then not.

import { ok, type Result, refused } from "@truechimer/base";
import { BARE, forbiddenAt, IPV6_LIKE, KEYWORDS, matchAt, NAME, OPERATORS } from "./characters.ts";
import { FILTER_LIMITS } from "./filter-limits.ts";
import type { CompareNode, FilterNode, Operator, WrittenValue } from "./filter-node.ts";
import type { FilterProblem } from "./filter-problem.ts";

/** Reads a filter. Never throws; what is too long, too deep or has too many terms is refused before it costs. */
export function parseFilter(text: string): Result<FilterNode, FilterProblem> {
  const { lengthMax } = FILTER_LIMITS;
  if (text.length > lengthMax) {
    return refused({
      at: lengthMax,
      length: 1,
      message: `the filter has ${text.length} characters`,
      expected: `expected at most ${lengthMax}; make it shorter, or ask twice`,
    });
  }
  const badAt = forbiddenAt(text);
  if (badAt >= 0) {
    return refused({
      at: badAt,
      length: 1,
      message: "a control character stands here",
      expected: "expected printable text; delete it",
    });
  }
  const reader: Reader = { text, at: 0, terms: 0 };
  try {
    skipSpace(reader);
    if (atEnd(reader)) return ok({ kind: "everything", at: 0, length: text.length });
    const node = readOr(reader, 0);
    if (!atEnd(reader)) throw unexpected(reader);
    return ok(node);
  } catch (error) {
    if (error instanceof Refusal) return refused(error.problem);
    throw error;
  }
}

/** How a reader deep in a filter says that there is none. Never leaves this file. */
class Refusal extends Error {
  override readonly name: string = "Refusal";
  readonly problem: FilterProblem;

  constructor(problem: FilterProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

interface Reader {
  readonly text: string;
  at: number;
  terms: number;
}

function readOr(reader: Reader, depth: number): FilterNode {
  return readJoined(reader, "or", () => readAnd(reader, depth));
}

function readAnd(reader: Reader, depth: number): FilterNode {
  return readJoined(reader, "and", () => readNot(reader, depth));
}

function readJoined(reader: Reader, kind: "and" | "or", readOne: () => FilterNode): FilterNode {
  const operands = [readOne()];
  while (goesOn(reader, kind)) operands.push(readOne());
  const [first] = operands;
  const last = operands.at(-1);
  if (first === undefined || last === undefined || operands.length === 1)
    return first as FilterNode;
  return { kind, operands, at: first.at, length: last.at + last.length - first.at };
}

/** Whether another operand follows; the word between, if there is one, is read. */
function goesOn(reader: Reader, kind: "and" | "or"): boolean {
  if (takeKeyword(reader, kind)) return true;
  if (kind === "or" || atEnd(reader)) return false;
  return peek(reader) !== ")" && keywordAt(reader) !== "or";
}

function readNot(reader: Reader, depth: number): FilterNode {
  const { at } = reader;
  if (depth >= FILTER_LIMITS.depthMax) {
    throw new Refusal({
      at,
      length: 1,
      message: "the filter is nested too deep",
      expected: `expected at most ${FILTER_LIMITS.depthMax} of ( and not within each other`,
    });
  }
  if (takeKeyword(reader, "not")) {
    const operand = readNot(reader, depth + 1);
    return { kind: "not", operand, at, length: operand.at + operand.length - at };
  }
  if (peek(reader) !== "(") return readTerm(reader);
  return readGroup(reader, depth);
}

function readGroup(reader: Reader, depth: number): FilterNode {
  const { at } = reader;
  reader.at += 1;
  skipSpace(reader);
  const inner = readOr(reader, depth + 1);
  if (peek(reader) !== ")") {
    if (!atEnd(reader)) throw unexpected(reader);
    throw new Refusal({
      at,
      length: 1,
      message: "this parenthesis is not closed",
      expected: "expected a ) behind what belongs together",
    });
  }
  reader.at += 1;
  const length = reader.at - at;
  skipSpace(reader);
  return { ...inner, at, length };
}

function readTerm(reader: Reader): FilterNode {
  reader.terms += 1;
  if (reader.terms > FILTER_LIMITS.termsMax) {
    throw new Refusal({
      at: reader.at,
      length: 1,
      message: "the filter has too many terms",
      expected: `expected at most ${FILTER_LIMITS.termsMax}; several values can follow one operator: reason:timeout,kiss_rate`,
    });
  }
  const compare = readCompare(reader);
  if (compare !== undefined) return compare;
  if (keywordAt(reader) !== undefined) throw unexpected(reader);
  const value = readValue(reader);
  if (value === undefined) throw unexpected(reader);
  skipSpace(reader);
  return { kind: "search", value, at: value.at, length: value.length };
}

/** Undefined, and nothing is read: no name with an operator stands here. */
function readCompare(reader: Reader): CompareNode | undefined {
  const { text, at } = reader;
  const field = matchAt(NAME, text, at);
  if (field === undefined) return undefined;
  const behindName: Reader = { ...reader, at: at + field.length };
  skipSpace(behindName);
  const operator: Operator | undefined = OPERATORS.find((one) =>
    text.startsWith(one, behindName.at),
  );
  if (operator === undefined) return undefined;
  const bare = matchAt(BARE, text, at);
  if (bare !== undefined && IPV6_LIKE.test(bare)) return undefined;
  reader.at = behindName.at + operator.length;
  skipSpace(reader);
  const values = readValues(reader, field);
  const last = values.at(-1);
  const end = last === undefined ? reader.at : last.at + last.length;
  skipSpace(reader);
  return { kind: "compare", field, operator, values, at, length: end - at };
}

function readValues(reader: Reader, field: string): readonly WrittenValue[] {
  const values: WrittenValue[] = [];
  for (;;) {
    const value = readValue(reader);
    if (value === undefined) {
      const found = atEnd(reader) ? "the filter ends here" : `"${peek(reader)}" stands here`;
      throw new Refusal({
        at: reader.at,
        length: 1,
        message: `${found}, and ${field} has no value`,
        expected: 'expected one, in quotes if it has spaces: server:"rack 4*"',
      });
    }
    values.push(value);
    if (values.length > FILTER_LIMITS.valuesMax) {
      throw new Refusal({
        at: value.at,
        length: value.length,
        message: `${field} has too many values`,
        expected: `expected at most ${FILTER_LIMITS.valuesMax}; a pattern such as ntp* may say it shorter`,
      });
    }
    if (peek(reader) !== ",") return values;
    reader.at += 1;
  }
}

function readValue(reader: Reader): WrittenValue | undefined {
  if (peek(reader) === '"') return readQuoted(reader);
  const text = matchAt(BARE, reader.text, reader.at);
  if (text === undefined) return undefined;
  const { at } = reader;
  reader.at += text.length;
  return { text, quoted: false, at, length: text.length };
}

function readQuoted(reader: Reader): WrittenValue {
  const { text, at } = reader;
  let value = "";
  for (let here = at + 1; here < text.length; here += 1) {
    const character = text[here] ?? "";
    if (character === '"') {
      reader.at = here + 1;
      return { text: value, quoted: true, at, length: reader.at - at };
    }
    const escaped = character === "\\" && (text[here + 1] === '"' || text[here + 1] === "\\");
    if (escaped) here += 1;
    value += text[here] ?? "";
  }
  throw new Refusal({
    at,
    length: 1,
    message: "these quotes are not closed",
    expected: 'expected a " at the end of the value (a quote within is written \\")',
  });
}

function unexpected(reader: Reader): Refusal {
  const { text, at } = reader;
  const keyword = keywordAt(reader);
  const found = keyword ?? text[at];
  const message =
    found === undefined ? "the filter ends too early" : `"${found}" is not expected here`;
  return new Refusal({ at, length: found?.length ?? 1, message, expected: remedyFor(found) });
}

function remedyFor(found: string | undefined): string {
  switch (found) {
    case ")":
      return "expected a term; delete it, or open it with ( before";
    case ",":
      return "expected a field and an operator before a list: reason:timeout,kiss_rate";
    case "and":
    case "or":
      return 'expected a term on both sides; to look for the word itself, put it in quotes: "and"';
    case undefined:
      return "expected a word, or a comparison such as offset>5ms";
    default:
      return "expected a field's name before it, such as offset>5ms; other text belongs in quotes";
  }
}

function peek({ text, at }: Reader): string | undefined {
  return text[at];
}

function atEnd({ text, at }: Reader): boolean {
  return at >= text.length;
}

function skipSpace(reader: Reader): void {
  while (/\s/.test(reader.text[reader.at] ?? "")) reader.at += 1;
}

/** and, or, not in either case, as a whole word and not as the name of a field. */
function keywordAt({ text, at }: Reader): string | undefined {
  const word = matchAt(BARE, text, at);
  if (word === undefined || !KEYWORDS.has(word.toLowerCase())) return undefined;
  return word.toLowerCase();
}

function takeKeyword(reader: Reader, keyword: string): boolean {
  if (keywordAt(reader) !== keyword) return false;
  reader.at += keyword.length;
  skipSpace(reader);
  return true;
}
