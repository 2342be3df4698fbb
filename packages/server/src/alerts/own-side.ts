// Whether our own side is in order. While it is not, rules are not looked at: what they found would be about us.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { monitorMessages } from "../admin-api/monitor-messages.ts";
import { serverMessages } from "../admin-api/server-messages.ts";
import { suspectedHost } from "../admin-api/suspected-host.ts";
import type { ServerContext } from "../context.ts";
import { readIngest } from "../ingest/read-ingest.ts";
import { scorerLag } from "../scorer/scorer-lag.ts";

/** A verdict is reached by results that were scored; later than this it is about another time. */
const SCORER_LAG_MAX_SECONDS = 60;
/** Clocks of our own processes that differ by more make "now" a matter of opinion. */
const CLOCK_DIFFERENCE_MAX_NS = 5_000_000_000n;

/** What is broken, in words. Undefined: nothing. A database that is away lets nobody look in the first place. */
export async function ownSideProblem(
  context: ServerContext,
  databaseNow: Timestamptz,
): Promise<string | undefined> {
  return (
    clockProblem(context, databaseNow) ??
    (await scorerProblem(context)) ??
    (await ingestProblem(context)) ??
    (await hostProblem(context))
  );
}

function clockProblem({ clock }: ServerContext, databaseNow: Timestamptz): string | undefined {
  const differenceNs = clock.nowNs() - nsFromTimestamptz(databaseNow);
  const size = differenceNs < 0n ? -differenceNs : differenceNs;
  if (size <= CLOCK_DIFFERENCE_MAX_NS) return undefined;
  const side = differenceNs < 0n ? "behind" : "ahead of";
  return `the clock of a replica is ${Number(size / 1_000_000n) / 1_000} s ${side} the database's`;
}

async function scorerProblem({ database }: ServerContext): Promise<string | undefined> {
  const { seconds, results } = await scorerLag(database.kysely);
  if (seconds <= SCORER_LAG_MAX_SECONDS) return undefined;
  return `the scorers are ${Math.round(seconds)} s and ${results} results behind`;
}

async function ingestProblem(context: ServerContext): Promise<string | undefined> {
  const { state } = await readIngest(context);
  if (state === "stalled") return "agents are heard of, and none of their results is stored";
  if (state === "silent") return "no agent is heard of";
  return undefined;
}

/** Where all that watches stands on one host, and it is that host's clock that is off. */
async function hostProblem(context: ServerContext): Promise<string | undefined> {
  const { database, policy } = context;
  const { rows } = await sql<{ readonly possible: boolean }>`
    select not exists (select from servers where state = 'watched' and not lab and verdict = 'truechimer')
      and exists (select from servers where state = 'watched' and not lab and verdict = 'falseticker') as possible`.execute(
    database.kysely,
  );
  if (rows[0]?.possible !== true) return undefined;
  const servers = await serverMessages(context, { lastDay: false });
  const suspicion = suspectedHost(
    servers.filter(({ state }) => state === 1),
    {
      monitors: await monitorMessages(database.kysely, policy.offsetLimitNs),
      offsetLimitNs: policy.offsetLimitNs,
    },
  );
  if (suspicion === undefined) return undefined;
  return `the clock of ${suspicion.host}, which watches alone, is suspected: ${suspicion.servers} servers agree against it`;
}
