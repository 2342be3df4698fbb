// An agent asks to be let in, again and again until somebody has decided. The Registration-ID that it made is the secret
// between it and us: we keep its hash, and people know the registration by an id of ours. What repeats is answered the
// same; the key is told until the agent has used it, and never after.

import { AppError, createUlid, type IpAddress, ok, type Result, refused } from "@truechimer/base";
import {
  advisoryLockId,
  inTransaction,
  type RegistrationStatusName,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { tokenHash } from "../http/token.ts";
import { spanWords } from "../limits/verdict.ts";
import { noteAgentEvent } from "./agent-events.ts";
import { findAccount } from "./default-account.ts";
import { ENROLMENT_LIMITS } from "./enrolment-limits.ts";
import { newAgentName } from "./new-agent-name.ts";
import { unsealKey } from "./waiting-key.ts";

export interface RegistrationRequest {
  /** A ULID that the agent made for this run of its set-up. */
  readonly registrationId: string;
  /** Where the request came from; one for each family becomes a monitor. */
  readonly address: IpAddress;
  /** Empty: the agent did not say. */
  readonly hostname: string;
  readonly account: string;
  readonly clientVersion: string;
  /** SHA-256 of the key that the agent had before. Absent: it had none. */
  readonly formerKeyHash: Buffer | undefined;
}

export interface RegistrationState {
  /** Ours, for people. */
  readonly id: string;
  readonly status: RegistrationStatusName;
  /** Only while it is accepted. */
  readonly apiKey?: string;
  /** Why it was rejected or cancelled. */
  readonly reason: string;
}

/** Why a new registration is not taken, for the person who runs the agent. */
export interface RegistrationRefusal {
  readonly code: "bad_request" | "limit_exceeded";
  readonly message: string;
}

export async function receiveRegistration(
  context: ServerContext,
  request: RegistrationRequest,
): Promise<Result<RegistrationState, RegistrationRefusal>> {
  const hash = tokenHash(request.registrationId);
  const known = await askAgain(context, request, hash);
  if (known !== undefined) return ok(known);
  const refusal = await inTransaction(context.database, (transaction) =>
    takeIn(context, transaction, { request, hash }),
  );
  if (refusal !== undefined) {
    context.metrics.registrations.inc({ outcome: refusal.code });
    return refused(refusal);
  }
  const taken = await askAgain(context, request, hash);
  if (taken === undefined) throw new AppError("internal", "a registration vanished as it was made");
  return ok(taken);
}

/** Notes what this request adds to a registration that is there. */
async function askAgain(
  context: ServerContext,
  request: RegistrationRequest,
  hash: Buffer,
): Promise<RegistrationState | undefined> {
  const { kysely } = context.database;
  const row = await kysely
    .selectFrom("registrations")
    .select([
      "id",
      "status",
      "reason",
      "sealed_key",
      "hostname",
      "client_version",
      familyColumn(request),
    ])
    .select(seenLongAgo().as("seen_long_ago"))
    .where("registration_id_hash", "=", hash)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { id, status, reason, sealed_key: sealedKey } = row;
  const address = (row as { readonly ipv4?: string | null; readonly ipv6?: string | null })[
    familyColumn(request)
  ];
  const news = status === "pending" && address !== request.address.text;
  if (news || row.seen_long_ago) await noteSeen(context, request, id);
  return {
    id,
    status,
    reason,
    ...(status === "accepted" && sealedKey !== null
      ? { apiKey: unsealKey(context, { id, sealed: sealedKey }) }
      : {}),
  };
}

function familyColumn({ address }: RegistrationRequest): "ipv4" | "ipv6" {
  return address.family === "v4" ? "ipv4" : "ipv6";
}

function seenLongAgo(): RawBuilder<boolean> {
  return sql<boolean>`last_seen_at < now() - make_interval(secs => ${ENROLMENT_LIMITS.seenSeconds}::float8)`;
}

/** Addresses stay as they were when a person decided: what was approved is what becomes a monitor. */
async function noteSeen(
  { database }: ServerContext,
  request: RegistrationRequest,
  id: string,
): Promise<void> {
  await database.kysely
    .updateTable("registrations")
    .set({ last_seen_at: sql<Timestamptz>`now()` })
    .where("id", "=", id)
    .execute();
  await database.kysely
    .updateTable("registrations")
    .set({ [familyColumn(request)]: request.address.text })
    .where("id", "=", id)
    .where("status", "=", "pending")
    .execute();
}

async function takeIn(
  context: ServerContext,
  transaction: Transaction<Schema>,
  { request, hash }: { readonly request: RegistrationRequest; readonly hash: Buffer },
): Promise<RegistrationRefusal | undefined> {
  // One at a time, so that the limits are exact however many replicas there are.
  await sql`select pg_advisory_xact_lock(${advisoryLockId("registrations")})`.execute(transaction);
  const accountId = await findAccount(transaction, request.account);
  if (accountId === undefined) {
    return {
      code: "bad_request",
      message: `there is no account "${request.account}": leave it out, or use "default"`,
    };
  }
  const crowd = await crowdProblem(context, transaction, request);
  if (crowd !== undefined) return { code: "limit_exceeded", message: crowd };
  const former = await formerAgent(transaction, request.formerKeyHash);
  const id = createUlid(context.clock, context.random);
  const inserted = await transaction
    .insertInto("registrations")
    .values({
      id,
      registration_id_hash: hash,
      hostname: request.hostname,
      account_id: accountId,
      client_version: request.clientVersion,
      [familyColumn(request)]: request.address.text,
      source: sourceOf(request.address),
      tls_name: former?.tls_name ?? newAgentName(context, request.hostname),
      replaces_agent_id: former?.id ?? null,
    })
    .onConflict((conflict) => conflict.column("registration_id_hash").doNothing())
    .executeTakeFirst();
  // The agent's request in the other IP family was first.
  if (inserted.numInsertedOrUpdatedRows === 0n) return undefined;
  context.metrics.registrations.inc({ outcome: "received" });
  await noteAgentEvent(transaction, {
    kind: "registration_received",
    text: `an agent on ${request.hostname || "an unnamed host"} (${request.address.text}) asks to be let in`,
  });
  return undefined;
}

/** An IPv6 host has a whole /64 of addresses to ask from. */
function sourceOf(address: IpAddress): RawBuilder<string> {
  return address.family === "v4"
    ? sql<string>`${address.text}::inet`
    : sql<string>`network(set_masklen(${address.text}::inet, 64))::inet`;
}

interface CrowdRow {
  readonly pending: bigint;
  readonly pending_of_source: bigint;
  readonly new_of_source: bigint;
}

async function crowdProblem(
  { limits }: Pick<ServerContext, "limits">,
  transaction: Transaction<Schema>,
  { address }: RegistrationRequest,
): Promise<string | undefined> {
  const { windowMs } = limits.of("registrations");
  const { rows } = await sql<CrowdRow>`
    with lately as (select now() - make_interval(secs => ${windowMs / 1_000}::float8) as since)
    select count(*) filter (where status = 'pending') as pending,
      count(*) filter (where status = 'pending' and source = ${sourceOf(address)}) as pending_of_source,
      count(*) filter (where created_at > since and source = ${sourceOf(address)}) as new_of_source
    from registrations, lately
    where status = 'pending' or created_at > since`.execute(transaction);
  const [row] = rows;
  if (row === undefined) return undefined;
  const ofSource = limits.place("registrations_waiting_of_source", Number(row.pending_of_source));
  if (!ofSource.passed) {
    return `${ofSource.limit.max} registrations from your network wait already: have one of them decided first`;
  }
  const lately = limits.place("registrations", Number(row.new_of_source));
  if (!lately.passed) {
    const within = spanWords(windowMs);
    return `${lately.limit.max} registrations came from your network within ${within}: try again in ${within}`;
  }
  const waiting = limits.place("registrations_waiting", Number(row.pending));
  return waiting.passed
    ? undefined
    : `${waiting.limit.max} registrations wait already: try again later`;
}

/** Whoever has an agent's key may give that agent new addresses, if a person agrees. */
async function formerAgent(
  transaction: Transaction<Schema>,
  keyHash: Buffer | undefined,
): Promise<{ readonly id: bigint; readonly tls_name: string } | undefined> {
  if (keyHash === undefined) return undefined;
  return transaction
    .selectFrom("agents as a")
    .innerJoin("monitors as m", "m.agent_id", "a.id")
    .select(["a.id", "a.tls_name"])
    .where("m.token_hash", "=", keyHash)
    .where("m.is_current", "=", true)
    .where("m.deleted_on", "is", null)
    .where("a.removed_at", "is", null)
    .limit(1)
    .executeTakeFirst();
}
