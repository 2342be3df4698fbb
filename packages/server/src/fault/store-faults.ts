// What was judged, beside each verdict: whose fault it is, since when, and who sees it. A change is an event with its
// evidence.

import {
  type Database,
  type FaultName,
  inTransaction,
  type Schema,
  type VerdictName,
} from "@truechimer/database";
import {
  type FaultWitness,
  faultText,
  isMainFault,
  type NameOf,
  type ServerFault,
} from "@truechimer/fault";
import { sql, type Transaction } from "kysely";
import type { PairChecks, PairIds } from "./check-columns.ts";
import type { FleetFaults } from "./judge-fleet.ts";
import { onsetOf } from "./onsets.ts";
import type { Onset } from "./trace-onsets.ts";

/** As `servers.faults` and `events.evidence` have it. */
export interface StoredFault extends ServerFault {
  readonly text: string;
  readonly witnesses: readonly StoredWitness[];
}

interface StoredWitness extends FaultWitness {
  /** Id of its last check of the server then. Absent: it is not known. */
  readonly check?: string;
}

/** What was judged. */
interface JudgedPairs extends PairIds, Pick<PairChecks, "lastIds"> {}

interface KnownServer {
  readonly id: bigint;
  readonly name: string;
  readonly verdict: VerdictName;
  readonly fault: FaultName | "";
  readonly fault_cause: string;
  /** As JSON. */
  readonly faults_before: string;
}

interface ServerAnswer {
  readonly server: KnownServer;
  readonly fault: FaultName | "";
  readonly cause: string;
  readonly text: string;
  readonly told: readonly StoredFault[];
  /** The same as JSON. */
  readonly faults: string;
}

/** Nothing that is known of the others explains it. */
const UNEXPLAINED =
  "cannot tell whose: too few see it, or it has been so for as long as they have looked";

/** Servers that were judged; those of others stay as they are. Gives where trouble of the way has begun. */
export async function storeServerFaults(
  database: Pick<Database, "kysely">,
  faults: FleetFaults["servers"],
  judged: JudgedPairs,
): Promise<readonly Onset[]> {
  const checkOf = lastCheckOf(judged);
  return await inTransaction(database, async (transaction) => {
    const nameOf = await names(transaction, judged.monitorIds);
    const { rows } = await sql<KnownServer>`
      select id, name, verdict, fault, fault_cause, faults::text as faults_before from servers
      where id = any(${[...new Set(judged.serverIds)]}::bigint[]) and state = 'watched'
      order by id for no key update`.execute(transaction);
    const answers = rows
      .map((server) => answerFor(server, faults.get(String(server.id)) ?? [], { nameOf, checkOf }))
      .filter(isNews);
    await writeServers(transaction, answers);
    await tellChanges(transaction, answers);
    return answers.flatMap(({ server: { id, faults_before: before }, told }) => {
      const onset = onsetOf(String(id), JSON.parse(before) as readonly StoredFault[], told);
      return onset === undefined ? [] : [onset];
    });
  });
}

/** Monitors that were judged; those of others stay as they are. */
export async function storeMonitorFaults(
  database: Pick<Database, "kysely">,
  faults: FleetFaults["monitors"],
  monitorIds: readonly number[],
): Promise<void> {
  await inTransaction(database, async (transaction) => {
    const nameOf = await names(transaction, monitorIds);
    const { rows } = await sql<KnownMonitor>`
      select id, hostname, fault_cause from monitors
      where id = any(${[...new Set(monitorIds)]}::bigint[])
      order by id for no key update`.execute(transaction);
    for (const monitor of rows) {
      await storeMonitorFault(transaction, monitor, {
        fault: faults.get(String(monitor.id)),
        nameOf,
      });
    }
  });
}

async function names(
  transaction: Transaction<Schema>,
  monitorIds: readonly number[],
): Promise<NameOf> {
  const { rows } = await sql<{ readonly id: bigint; readonly hostname: string }>`
    select id, hostname from monitors where id = any(${[...new Set(monitorIds)]}::bigint[])`.execute(
    transaction,
  );
  const byId = new Map(rows.map(({ id, hostname }) => [String(id), hostname]));
  return (id) => byId.get(id) ?? id;
}

/** By server and monitor. Undefined: none is known. */
type CheckOf = (serverId: string, monitorId: string) => string | undefined;

function lastCheckOf({ serverIds, monitorIds, lastIds }: JudgedPairs): CheckOf {
  const known = new Map<string, number | undefined>(
    lastIds.map((id, pair) => [`${serverIds[pair]} ${monitorIds[pair]}`, id]),
  );
  return (serverId, monitorId) => known.get(`${serverId} ${monitorId}`)?.toString();
}

interface Telling {
  readonly nameOf: NameOf;
  readonly checkOf: CheckOf;
}

function answerFor(
  server: KnownServer,
  found: readonly ServerFault[],
  { nameOf, checkOf }: Telling,
): ServerAnswer {
  const told = found.map(
    (fault): StoredFault => ({
      ...fault,
      text: faultText(fault, nameOf),
      witnesses: fault.witnesses.map((witness) => {
        const check = checkOf(String(server.id), witness.monitor);
        return check === undefined ? witness : { ...witness, check };
      }),
    }),
  );
  const [first] = told;
  const isBad = server.verdict !== "truechimer";
  if (first !== undefined && (isBad || isMainFault(first))) {
    const { fault, cause, text } = first;
    return { server, fault, cause, text, told, faults: JSON.stringify(told) };
  }
  return {
    server,
    fault: isBad ? "cannot_tell" : "",
    cause: "",
    text: isBad ? UNEXPLAINED : "",
    told,
    faults: JSON.stringify(told),
  };
}

/** Rows of servers that nothing is wrong with are left alone. */
function isNews({ server, fault, faults }: ServerAnswer): boolean {
  return fault !== "" || server.fault !== "" || server.faults_before !== "[]" || faults !== "[]";
}

async function writeServers(
  transaction: Transaction<Schema>,
  answers: readonly ServerAnswer[],
): Promise<void> {
  if (answers.length === 0) return;
  await sql`
    update servers s set
      fault = t.fault, fault_cause = t.cause, fault_text = t.text, faults = t.faults::jsonb,
      fault_since = case when t.fault = '' then null
        when s.fault = t.fault and s.fault_cause = t.cause then coalesce(s.fault_since, now()) else now() end
    from unnest(
      ${answers.map(({ server }) => server.id)}::bigint[],
      ${answers.map(({ fault }) => fault)}::text[],
      ${answers.map(({ cause }) => cause)}::text[],
      ${answers.map(({ text }) => text)}::text[],
      ${answers.map(({ faults }) => faults)}::text[]
    ) as t (id, fault, cause, text, faults)
    where s.id = t.id`.execute(transaction);
}

async function tellChanges(
  transaction: Transaction<Schema>,
  answers: readonly ServerAnswer[],
): Promise<void> {
  const changed = answers.filter(
    ({ server, fault, cause }) => server.fault !== fault || server.fault_cause !== cause,
  );
  if (changed.length === 0) return;
  await transaction
    .insertInto("events")
    .values(
      changed.map(({ server, fault, cause, text, faults }) => ({
        kind: "fault_changed",
        server_id: server.id,
        fault_before: server.fault,
        fault_after: fault,
        reason: cause,
        text: text === "" ? `${server.name}: nobody's fault any more` : `${server.name}: ${text}`,
        evidence: faults,
      })),
    )
    .execute();
}

interface KnownMonitor {
  readonly id: bigint;
  readonly hostname: string;
  readonly fault_cause: string;
}

async function storeMonitorFault(
  transaction: Transaction<Schema>,
  { id, hostname, fault_cause: before }: KnownMonitor,
  { fault, nameOf }: { readonly fault: ServerFault | undefined; readonly nameOf: NameOf },
): Promise<void> {
  const cause = fault?.cause ?? "";
  if (cause === "" && before === "") return;
  const text = fault === undefined ? "" : faultText(fault, nameOf);
  await sql`
    update monitors set fault_cause = ${cause}, fault_text = ${text},
      fault_since = case when ${cause}::text = '' then null
        when fault_cause = ${cause} then coalesce(fault_since, now()) else now() end
    where id = ${id}`.execute(transaction);
  if (cause === before) return;
  await transaction
    .insertInto("events")
    .values({
      kind: "fault_changed",
      monitor_id: id,
      reason: cause,
      text: text === "" ? `monitor ${hostname}: no fault any more` : `monitor ${hostname}: ${text}`,
      ...(fault === undefined ? {} : { evidence: JSON.stringify([{ ...fault, text }]) }),
    })
    .execute();
}
