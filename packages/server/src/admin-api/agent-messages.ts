// Agents as people see them: those with a name in a certificate, and those that only have bearer tokens, which are told
// apart by their name.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { type Database, nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import { renewAfter } from "@truechimer/pki";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { optionalTimestamp, timestampFrom, timestampFromNs } from "./admin-message.ts";
import { agentTransport, monitorTransports } from "./agent-transports.ts";
import { monitorMessages } from "./monitor-messages.ts";

/** An agent and which monitors are its own. */
export interface FoundAgent {
  readonly message: adminV1.Agent;
  readonly monitorIds: readonly bigint[];
  /** Absent: it has bearer tokens alone. */
  readonly row: { readonly id: bigint; readonly tlsName: string } | undefined;
}

/** By name. Those that were removed are left out. */
export async function findAgents(context: ServerContext): Promise<readonly FoundAgent[]> {
  const { database, policy } = context;
  const [agents, memberships, monitors, certificates, transports] = await Promise.all([
    agentRows(database),
    membershipRows(database),
    monitorMessages(database.kysely, policy.offsetLimitNs),
    certificatesInUse(database),
    monitorTransports(database),
  ]);
  const byId = new Map(monitors.map((monitor) => [monitor.id, monitor]));
  const groups = Map.groupBy(memberships, groupKey);
  const named = agents.map((row): FoundAgent => {
    const own = groups.get(`agent ${row.id}`) ?? [];
    const certificate = certificates.get(row.tls_name.toLowerCase());
    const monitorIds = own.map(({ id }) => id);
    return {
      row: { id: row.id, tlsName: row.tls_name },
      monitorIds,
      message: agentMessage(monitorsOf(own, byId), {
        id: row.id_token,
        name: row.name,
        tlsName: row.tls_name,
        account: row.account ?? "",
        country: row.country,
        network: row.network,
        location: row.location,
        transport: agentTransport(monitorIds, transports),
        enrolledAt: timestampFrom(row.enrolled_at),
        ...(certificate === undefined ? {} : { certificate }),
      }),
    };
  });
  const others = [...groups.values()].flatMap((own): FoundAgent[] => {
    const [first] = own;
    if (first === undefined || first.agent_id !== null) return [];
    const monitorIds = own.map(({ id }) => id);
    return [
      {
        row: undefined,
        monitorIds,
        message: agentMessage(monitorsOf(own, byId), {
          id: first.id_token,
          name: first.hostname,
          country: first.country,
          network: first.network,
          location: first.location,
          lab: first.lab,
          transport: agentTransport(monitorIds, transports),
          enrolledAt: timestampFrom(first.created_on),
        }),
      },
    ];
  });
  return [...named, ...others].toSorted((a, b) => compareText(a.message.name, b.message.name));
}

export async function findAgent(context: ServerContext, id: string): Promise<FoundAgent> {
  const found = (await findAgents(context)).find(({ message }) => message.id === id);
  if (found === undefined)
    throw new AppError("not_found", `there is no agent with the id ${id.slice(0, 40)}`);
  return found;
}

interface AgentRow {
  readonly id: bigint;
  readonly id_token: string;
  readonly name: string;
  readonly tls_name: string;
  readonly account: string | null;
  readonly country: string;
  readonly network: string;
  readonly location: string;
  readonly enrolled_at: Timestamptz;
}

async function agentRows({ kysely }: Database): Promise<readonly AgentRow[]> {
  return kysely
    .selectFrom("agents as a")
    .leftJoin("accounts as c", "c.id", "a.account_id")
    .select([
      "a.id",
      "a.id_token",
      "a.name",
      "a.tls_name",
      "c.id_token as account",
      "a.country",
      "a.network",
      "a.location",
      "a.enrolled_at",
    ])
    .where("a.removed_at", "is", null)
    .execute();
}

interface MembershipRow {
  readonly id: bigint;
  readonly id_token: string;
  readonly agent_id: bigint | null;
  readonly hostname: string;
  readonly country: string;
  readonly network: string;
  readonly location: string;
  readonly lab: boolean;
  readonly created_on: Timestamptz;
}

async function membershipRows({ kysely }: Database): Promise<readonly MembershipRow[]> {
  return kysely
    .selectFrom("monitors")
    .select([
      "id",
      "id_token",
      "agent_id",
      "hostname",
      "country",
      "network",
      "location",
      "lab",
      "created_on",
    ])
    .where("type", "=", "monitor")
    .where("is_current", "=", true)
    .where("deleted_on", "is", null)
    .orderBy("id")
    .execute();
}

/** Monitors with bearer tokens belong together by their name, as `CreateMonitor` has it. */
function groupKey({ agent_id: agentId, hostname, lab }: MembershipRow): string {
  return agentId === null ? `${lab ? "lab" : "own"} ${hostname}` : `agent ${agentId}`;
}

function monitorsOf(
  own: readonly MembershipRow[],
  byId: ReadonlyMap<bigint, adminV1.Monitor>,
): adminV1.Monitor[] {
  return own.flatMap(({ id }) => byId.get(id) ?? []);
}

type AgentOwnFields = Partial<
  Pick<
    adminV1.Agent,
    | "tlsName"
    | "account"
    | "country"
    | "network"
    | "location"
    | "lab"
    | "transport"
    | "enrolledAt"
    | "certificate"
  >
> &
  Pick<adminV1.Agent, "id" | "name">;

/** What its monitors tell of it, beside what is its own. */
function agentMessage(unsorted: readonly adminV1.Monitor[], own: AgentOwnFields): adminV1.Agent {
  const monitors = unsorted.toSorted((a, b) => a.family - b.family);
  const newest = monitors.toSorted(
    (a, b) => Number(b.lastSeenAt?.seconds ?? 0n) - Number(a.lastSeenAt?.seconds ?? 0n),
  )[0];
  const submitted = monitors
    .flatMap(({ lastSubmitAt }) => lastSubmitAt ?? [])
    .toSorted((a, b) => Number(b.seconds - a.seconds))[0];
  return create(adminV1.AgentSchema, {
    ...own,
    monitors,
    online: monitors.some(({ online }) => online),
    clientVersion: newest?.clientVersion ?? "",
    ...(newest?.lastSeenAt === undefined ? {} : { lastSeenAt: newest.lastSeenAt }),
    ...(submitted === undefined ? {} : { lastSubmitAt: submitted }),
  });
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

interface CertificateRow {
  readonly tls_name: string;
  readonly serial: string;
  readonly not_before: Timestamptz;
  readonly not_after: Timestamptz;
  readonly fingerprint: Uint8Array;
  readonly revoked_at: Timestamptz | null;
}

/** The newest of each agent, by its name in lower case. */
async function certificatesInUse({
  kysely,
}: Database): Promise<ReadonlyMap<string, adminV1.AgentCertificate>> {
  const { rows } = await sql<CertificateRow>`
    select distinct on (tls_name) tls_name, serial, not_before, not_after, fingerprint, revoked_at
    from certificates
    where tls_name is not null and issued_at is not null
    order by tls_name, issued_at desc`.execute(kysely);
  return new Map(rows.map((row) => [row.tls_name, certificateMessage(row)]));
}

/** Newest first. */
export async function certificatesOf(
  { kysely }: Database,
  { tlsName, limit }: { readonly tlsName: string; readonly limit: number },
): Promise<adminV1.AgentCertificate[]> {
  const { rows } = await sql<CertificateRow>`
    select tls_name, serial, not_before, not_after, fingerprint, revoked_at
    from certificates
    where tls_name = ${tlsName.toLowerCase()} and issued_at is not null
    order by issued_at desc
    limit ${limit}`.execute(kysely);
  return rows.map(certificateMessage);
}

function certificateMessage(row: CertificateRow): adminV1.AgentCertificate {
  const renewAfterNs = renewAfter({
    notBeforeNs: nsFromTimestamptz(row.not_before),
    notAfterNs: nsFromTimestamptz(row.not_after),
  });
  return create(adminV1.AgentCertificateSchema, {
    serial: row.serial,
    notBefore: timestampFrom(row.not_before),
    notAfter: timestampFrom(row.not_after),
    renewAfter: timestampFromNs(renewAfterNs),
    fingerprint: Buffer.from(row.fingerprint).toString("hex"),
    ...optionalTimestamp("revokedAt", row.revoked_at),
  });
}
