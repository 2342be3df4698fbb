// The paths at the beginning of trouble: when requests to a server begin to be lost or to take another way, some monitors that
// see it and some that do not are asked for a traceroute at once, because later nobody can. Asked for and forgotten: what
// comes back is stored like every other path, and is evidence at the next judgement.

import { createUlid, parseIpAddress } from "@truechimer/base";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { putRequest } from "../on-demand/request-rows.ts";

/** Where trouble has begun. */
export interface Onset {
  readonly serverId: string;
  /** Equal for what has one cause: how far it reaches, and what it is. */
  readonly cause: string;
  /** Monitors that have begun to see it. */
  readonly seeing: readonly string[];
  /** Those that see the server well; of other networks than those first. */
  readonly well: readonly string[];
}

/** Two paths show where they part; a third one of each guards against a router that does not answer. */
const MONITORS_OF_EACH_MAX = 3;
/**
 * The stream of a monitor whose own network fails comes back in a while: so long it is waited for. The path then is still
 * that of the same trouble.
 */
const ANSWER_MS = 120_000;

/** What of the control plane it needs. */
export type OnsetContext = Pick<
  ServerContext,
  "database" | "clock" | "random" | "limits" | "policy"
>;

/** Gives the number of servers that were asked about. */
export async function traceOnsets(
  context: OnsetContext,
  onsets: readonly Onset[],
): Promise<number> {
  if (!context.policy.tracesAtOnset) return 0;
  let asked = 0;
  const full = new Set<string>();
  for (const onset of onsets) {
    if (full.has(onset.cause)) continue;
    const present = await monitorsThere(context, onset);
    // Without one that sees it there is nothing to hold the others against.
    if (present.seeing.length === 0) continue;
    const room = await hasRoom(context, onset);
    if (room === "none") break;
    if (room === "none_of_cause") full.add(onset.cause);
    if (room !== "some") continue;
    await ask(context, onset.serverId, [...present.seeing, ...present.well]);
    asked += 1;
  }
  return asked;
}

interface Present {
  readonly seeing: readonly bigint[];
  readonly well: readonly bigint[];
}

/** Traceroutes go by the stream alone. */
async function monitorsThere(
  { database }: OnsetContext,
  { seeing, well }: Onset,
): Promise<Present> {
  const { rows } = await sql<{ readonly id: string }>`
    select distinct monitor_id::text as id from monitor_sessions
    where monitor_id = any(${[...seeing, ...well]}::bigint[]) and transport = 'stream' and expires_at > now()`.execute(
    database.kysely,
  );
  const there = new Set(rows.map(({ id }) => id));
  const first = (ids: readonly string[]): readonly bigint[] =>
    ids
      .filter((id) => there.has(id))
      .slice(0, MONITORS_OF_EACH_MAX)
      .map(BigInt);
  return { seeing: first(seeing), well: first(well) };
}

/** The server's own first: it is refused most often, and takes nothing from the others. */
async function hasRoom(
  { limits }: OnsetContext,
  { serverId, cause }: Onset,
): Promise<"some" | "none_of_server" | "none_of_cause" | "none"> {
  if (!(await limits.take("onset_server", serverId)).passed) return "none_of_server";
  if (!(await limits.take("onset_cause", cause)).passed) return "none_of_cause";
  return (await limits.take("onset_questions", "all")).passed ? "some" : "none";
}

async function ask(
  { database, clock, random }: OnsetContext,
  serverId: string,
  monitors: readonly bigint[],
): Promise<void> {
  const server = await database.kysely
    .selectFrom("servers")
    .select(["id", "ip", "port"])
    .where("id", "=", BigInt(serverId))
    .where("state", "=", "watched")
    .executeTakeFirst();
  const address = server === undefined ? undefined : parseIpAddress(server.ip);
  if (server === undefined || address?.ok !== true) return;
  await putRequest(database, {
    id: createUlid(clock, random),
    kind: "traceroute",
    onset: true,
    serverId: server.id,
    address: address.value,
    port: server.port,
    lifeMs: ANSWER_MS,
    monitors: monitors.map((id) => ({ id, transport: "stream" as const })),
  });
}
