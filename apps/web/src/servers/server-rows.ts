// Which servers the table shows, and in which order: what the address says.

import type { ServerFacts } from "../parts/server-facts.ts";
import { VERDICT_NAMES } from "../parts/words.ts";
import { listOf, type Search } from "../url/search.ts";

export type SortKey =
  | "verdict"
  | "name"
  | "address"
  | "offset"
  | "score"
  | "stratum"
  | "reference"
  | "loss"
  | "seen"
  | "witnesses"
  | "since"
  | "added";

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** Urgent ones first. */
const SORT_DEFAULT: Sort = { key: "verdict", descending: false };

type Comparable = number | string | undefined;

const VALUES: Readonly<Record<SortKey, (server: ServerFacts) => Comparable>> = {
  verdict: (server) => VERDICT_NAMES.indexOf(server.verdict),
  name: (server) => server.name,
  address: (server) => server.endpoint,
  offset: (server) =>
    server.offset === undefined ? undefined : Math.abs(Number(server.offset.valueNs)),
  score: (server) => server.score,
  stratum: (server) => server.stratum,
  reference: (server) => (server.reference === "" ? undefined : server.reference),
  loss: (server) => server.loss,
  seen: (server) => server.lastSeenAtMs,
  witnesses: (server) => server.witnessesFresh,
  since: (server) => server.verdictSinceMs,
  added: (server) => server.addedAtMs,
};

/** "-offset" → by offset, the greatest first. */
export function parseSort(text: string | undefined): Sort {
  const descending = text?.startsWith("-") === true;
  const key = descending ? text?.slice(1) : text;
  return key !== undefined && key in VALUES ? { key: key as SortKey, descending } : SORT_DEFAULT;
}

/** The inverse; undefined for the default, so that the address stays short. */
export function sortText(sort: Sort): string | undefined {
  if (sort.key === SORT_DEFAULT.key && sort.descending === SORT_DEFAULT.descending)
    return undefined;
  return (sort.descending ? "-" : "") + sort.key;
}

/** What remains of `servers` under the address's `verdict`, `state` and `leap`, in its `sort`. */
export function shownServers(
  servers: readonly ServerFacts[],
  search: Search,
): readonly ServerFacts[] {
  const verdicts = listOf(search["verdict"]);
  const state = search["state"];
  const leaping = search["leap"] === "announced";
  const sort = parseSort(search["sort"]);
  return servers
    .filter((server) => verdicts.length === 0 || verdicts.includes(server.verdict))
    .filter((server) =>
      state === undefined ? server.state !== "removed" : state === "all" || server.state === state,
    )
    .filter((server) => !leaping || server.leapInserts + server.leapDeletes > 0)
    .toSorted((one, other) => compareBy(sort, one, other));
}

/** What is unknown comes last in either direction: no data never leads. */
function compareBy(sort: Sort, one: ServerFacts, other: ServerFacts): number {
  const a = VALUES[sort.key](one);
  const b = VALUES[sort.key](other);
  if (a === undefined || b === undefined) {
    if (a !== b) return a === undefined ? 1 : -1;
  } else {
    const order = compare(a, b);
    if (order !== 0) return sort.descending ? -order : order;
  }
  return compare(one.name, other.name) || Number(one.id - other.id);
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(a: number | string, b: number | string): number {
  return typeof a === "string" || typeof b === "string"
    ? collator.compare(String(a), String(b))
    : a - b;
}
