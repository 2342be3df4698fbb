// The columns of the servers table: heading with its definition, cell, and what an export writes.

import type { ReactNode } from "react";
import { formatShare } from "../format/number.ts";
import type { ExportedField } from "../parts/csv.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { Sparkline } from "../parts/sparkline.tsx";
import { Nothing, OffsetColumns, Score, TimeAgo } from "../parts/values.tsx";
import { VerdictWord } from "../parts/verdict.tsx";
import { TERMS } from "../parts/words.ts";
import { paths } from "../url/paths.ts";
import { listOf } from "../url/search.ts";
import type { SortKey } from "./server-rows.ts";

export interface Column {
  readonly key: string;
  readonly title: string;
  readonly definition: string;
  readonly sort: SortKey | undefined;
  readonly number: boolean;
  /** Shown unless the address says otherwise. */
  readonly usual: boolean;
  /** One of the three facts that stay on a narrow screen. */
  readonly fact: boolean;
  readonly cell: (server: ServerFacts) => ReactNode;
  /** Heading and text for an export; undefined: not exported. */
  readonly exported: readonly ExportedField<ServerFacts>[];
}

const OFF = { number: false, usual: false, fact: false } as const;

export const COLUMNS: readonly Column[] = [
  {
    ...OFF,
    key: "verdict",
    title: "Verdict",
    definition: "What the fleet holds of the server.",
    sort: "verdict",
    usual: true,
    fact: true,
    cell: (server) =>
      server.state === "watched" ? (
        <VerdictWord verdict={server.verdict} />
      ) : (
        <span className="soft">{server.state}</span>
      ),
    exported: [
      ["state", (server) => server.state],
      ["verdict", (server) => server.verdict],
      ["verdict_reason", (server) => server.verdictReason],
    ],
  },
  {
    ...OFF,
    key: "name",
    title: "Server",
    definition: "As it was added.",
    sort: "name",
    usual: true,
    fact: true,
    cell: (server) => <NameCell server={server} />,
    exported: [["name", (server) => server.name]],
  },
  {
    ...OFF,
    key: "address",
    title: "Address",
    definition: "Address, and port where it is not 123.",
    sort: "address",
    cell: (server) => <span className="number">{server.endpoint}</span>,
    exported: [["address", (server) => server.endpoint]],
  },
  {
    ...OFF,
    key: "offset",
    title: "Offset ± bound",
    definition: `${TERMS.offset} ${TERMS.bound} Sorts by size.`,
    sort: "offset",
    number: true,
    usual: true,
    fact: true,
    cell: (server) => <OffsetColumns offset={server.offset} />,
    exported: [
      ["offset_ns", (server) => server.offset?.valueNs.toString() ?? ""],
      ["bound_ns", (server) => server.offset?.boundNs?.toString() ?? ""],
    ],
  },
  {
    ...OFF,
    key: "score",
    title: "Score, age",
    definition: TERMS.score,
    sort: "score",
    number: true,
    usual: true,
    cell: (server) => <Score score={server.score} atMs={server.scoreAtMs} />,
    exported: [
      ["score", (server) => server.score?.toString() ?? ""],
      ["score_at", (server) => isoOf(server.scoreAtMs)],
    ],
  },
  {
    ...OFF,
    key: "stratum",
    title: "Stratum",
    definition: TERMS.stratum,
    sort: "stratum",
    number: true,
    usual: true,
    cell: (server) => server.stratum ?? <Nothing />,
    exported: [["stratum", (server) => server.stratum?.toString() ?? ""]],
  },
  {
    ...OFF,
    key: "reference",
    title: "Reference",
    definition: TERMS.reference,
    sort: "reference",
    usual: true,
    cell: (server) => (server.reference === "" ? <Nothing /> : server.reference),
    exported: [["reference", (server) => server.reference]],
  },
  {
    ...OFF,
    key: "loss",
    title: "Loss",
    definition: TERMS.loss,
    sort: "loss",
    number: true,
    usual: true,
    cell: (server) =>
      server.loss === undefined ? <Nothing why="no samples" /> : formatShare(server.loss),
    exported: [["loss", (server) => server.loss?.toString() ?? ""]],
  },
  {
    ...OFF,
    key: "witnesses",
    title: "Witnesses",
    definition: TERMS.witnesses,
    sort: "witnesses",
    number: true,
    cell: (server) =>
      server.witnessesAgainst === 0
        ? server.witnessesFresh
        : `${server.witnessesFresh}, ${server.witnessesAgainst} against`,
    exported: [
      ["witnesses_fresh", (server) => server.witnessesFresh.toString()],
      ["witnesses_against", (server) => server.witnessesAgainst.toString()],
    ],
  },
  {
    ...OFF,
    key: "since",
    title: "Verdict since",
    definition: "When the verdict last changed.",
    sort: "since",
    number: true,
    cell: (server) => <TimeAgo atMs={server.verdictSinceMs} />,
    exported: [["verdict_since", (server) => isoOf(server.verdictSinceMs)]],
  },
  {
    ...OFF,
    key: "seen",
    title: "Last seen",
    definition: TERMS.lastSeen,
    sort: "seen",
    number: true,
    usual: true,
    cell: (server) => <TimeAgo atMs={server.lastSeenAtMs} never="never answered" />,
    exported: [["last_seen_at", (server) => isoOf(server.lastSeenAtMs)]],
  },
  {
    ...OFF,
    key: "added",
    title: "Added",
    definition: "When it was added.",
    sort: "added",
    number: true,
    cell: (server) => <TimeAgo atMs={server.addedAtMs} />,
    exported: [["added_at", (server) => isoOf(server.addedAtMs)]],
  },
  {
    ...OFF,
    key: "day",
    title: "Score, 24 h",
    definition: "Overall score over the last day; the line is 10.",
    sort: undefined,
    usual: true,
    cell: (server) => <Sparkline values={server.sparkline} />,
    exported: [],
  },
];

/** The columns that an address asks for; without one, the usual. Verdict and name are always there. */
export function shownColumns(text: string | undefined): readonly Column[] {
  if (text === undefined) return COLUMNS.filter((column) => column.usual);
  const wanted = ["verdict", "name", ...listOf(text)];
  return COLUMNS.filter((column) => wanted.includes(column.key));
}

/** The address's word for a choice of columns; undefined for the usual ones. */
export function columnsText(columns: readonly Column[]): string | undefined {
  const usual = COLUMNS.filter((column) => column.usual);
  const same = columns.length === usual.length && columns.every((column) => column.usual);
  if (same) return undefined;
  return columns
    .map((column) => column.key)
    .filter((key) => key !== "verdict" && key !== "name")
    .join(",");
}

function NameCell(props: { readonly server: ServerFacts }): ReactNode {
  const { server } = props;
  return (
    <span className="name-cell">
      <a href={paths.server(server.id)}>{server.name}</a>
      {server.stale && server.state === "watched" ? (
        <span className="stale-word">stale</span>
      ) : null}
      {server.endpoint === server.name ? null : (
        <span className="name-endpoint">{server.endpoint}</span>
      )}
    </span>
  );
}

function isoOf(atMs: number | undefined): string {
  return atMs === undefined ? "" : new Date(atMs).toISOString();
}
