// What an export is asked for, from the words of its address: a range, an order, servers, a filter, and where to go on.

import { type ExportTable } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { type Condition, parseInstant } from "@truechimer/filter";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import { refuseManyServers } from "../results/results-question.ts";

export interface ExportQuestion {
  /** Included. Absent: as far back as there is something. */
  readonly from: Timestamptz | undefined;
  /** Excluded. */
  readonly to: Timestamptz;
  readonly order: "newest" | "oldest";
  /** Empty: all. */
  readonly serverIds: readonly bigint[];
  /** Absent: every row passes. */
  readonly condition: Condition | undefined;
  /** Values of the table's key in the last row that somebody has. Absent: from the beginning. */
  readonly after: ExportKey | undefined;
  readonly nowNs: bigint;
}

/** One value for each column of the table's key. */
export interface ExportKey {
  /** Of a table whose key has an instant. */
  readonly at: Timestamptz | undefined;
  /** The other parts, in their order. */
  readonly numbers: readonly bigint[];
}

export type ExportParameters = Readonly<Record<string, unknown>>;

const ID_PATTERN = /^\d{1,18}$/;
const SHOWN_MAX = 40;

export function exportParameters(table: ExportTable): readonly string[] {
  return [
    ...(table.filter === undefined ? [] : ["filter"]),
    "from",
    "to",
    "order",
    "after",
    ...(table.ofServers ? ["server_id"] : []),
  ];
}

/** Fails with bad_request, which names the parameter. */
export function readExportQuestion(
  { clock }: Pick<ActingContext, "clock">,
  table: ExportTable,
  given: ExportParameters,
): ExportQuestion {
  const expected = exportParameters(table);
  const unknown = Object.keys(given).find((name) => !expected.includes(name));
  if (unknown !== undefined) {
    throw new AppError(
      "bad_request",
      `"${unknown.slice(0, SHOWN_MAX)}" is no parameter of this export: expected ${expected.join(", ")}`,
    );
  }
  const nowNs = clock.nowNs();
  const from = instantOf(given, "from", nowNs);
  const to = instantOf(given, "to", nowNs) ?? timestamptzFromNs(nowNs);
  if (from !== undefined && from >= to)
    throw new AppError("bad_request", `the range is empty: from ${from} is not before to ${to}`);
  const serverIds = serverIdsOf(given);
  refuseManyServers(serverIds);
  const filter = parameter(given, "filter");
  return {
    from,
    to,
    order: orderOf(parameter(given, "order")),
    serverIds,
    condition:
      table.filter === undefined
        ? undefined
        : requestFilter({ clock: { nowNs: () => nowNs } }, table.filter, filter),
    after: keyOf(table, parameter(given, "after"), nowNs),
    nowNs,
  };
}

/** Given once, or again and again. */
export function serverIdsOf({ server_id: given = [] }: ExportParameters): readonly bigint[] {
  const ids = [given].flat().map((text) => {
    if (typeof text === "string" && ID_PATTERN.test(text)) return BigInt(text);
    throw new AppError(
      "bad_request",
      `server_id: "${String(text).slice(0, SHOWN_MAX)}" is not a server's number`,
    );
  });
  return [...new Set(ids)];
}

function instantOf(
  given: ExportParameters,
  name: "from" | "to",
  nowNs: bigint,
): Timestamptz | undefined {
  const text = parameter(given, name);
  return text === "" ? undefined : readInstant(name, text, nowNs);
}

function readInstant(name: string, text: string, nowNs: bigint): Timestamptz {
  const parsed = parseInstant(text, nowNs);
  if (parsed.ok) return timestamptzFromNs(parsed.value);
  throw new AppError(
    "bad_request",
    `${name}: "${text.slice(0, SHOWN_MAX)}" is no time: ${parsed.error}`,
  );
}

function orderOf(text: string): "newest" | "oldest" {
  if (text === "" || text === "oldest") return "oldest";
  if (text === "newest") return "newest";
  throw new AppError(
    "bad_request",
    `order: "${text.slice(0, SHOWN_MAX)}" is none: expected oldest or newest`,
  );
}

function keyOf({ key }: ExportTable, text: string, nowNs: bigint): ExportKey | undefined {
  if (text === "") return undefined;
  const parts = text.split(",");
  const hasInstant = key[0] === "at";
  const numbers = hasInstant ? parts.slice(1) : parts;
  if (parts.length !== key.length || !numbers.every((part) => ID_PATTERN.test(part))) {
    throw new AppError(
      "bad_request",
      `after: "${text.slice(0, 2 * SHOWN_MAX)}" is no place in this export: expected ${key.join(",")} of the last row that you have`,
    );
  }
  return {
    at: hasInstant ? readInstant("after", parts[0] ?? "", nowNs) : undefined,
    numbers: numbers.map(BigInt),
  };
}

/** Empty: it was not given. */
function parameter(given: ExportParameters, name: string): string {
  const value = given[name] ?? "";
  if (typeof value === "string") return value;
  throw new AppError("bad_request", `${name} is given more than once`);
}
