// Spends a one-time token, in the transaction that makes the agent. The row's lock orders those who come at once: the
// first gets the agent, the others are refused, and the first one again is told the same.

import { AppError, type IpAddress } from "@truechimer/base";
import {
  type FirstStatusName,
  inTransaction,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { sameBytes, tokenHash } from "../http/token.ts";
import { admitAgent } from "./admit-agent.ts";
import { noteAgentEvent } from "./agent-events.ts";
import { newAgentName } from "./new-agent-name.ts";
import { sealKey, unsealKey } from "./waiting-key.ts";

export interface TokenToSpend {
  readonly secret: string;
  readonly hostname: string;
  readonly addresses: readonly IpAddress[];
  readonly enrolmentId: string;
  readonly csrHash: Uint8Array;
}

export interface SpentToken {
  readonly tokenId: string;
  readonly tlsName: string;
  readonly apiKey: string;
  /** Absent: none was issued yet. */
  readonly certificatePem: string | undefined;
  /** The token was spent before, by this same enrolment. */
  readonly repeated: boolean;
}

export function spendEnrolmentToken(
  context: ServerContext,
  enrolment: TokenToSpend,
): Promise<SpentToken> {
  return inTransaction(context.database, async (transaction) => {
    const token = await lockToken(transaction, enrolment.secret);
    if (token.used_at !== null) {
      return repeatedAnswer(context, transaction, { token, enrolment });
    }
    if (token.revoked_at !== null) throw refusal("was revoked");
    if (token.expired) throw refusal("is too old");
    return admit(context, transaction, { token, enrolment });
  });
}

interface TokenRow {
  readonly id: string;
  readonly account_id: bigint | null;
  readonly country: string;
  readonly network: string;
  readonly location: string;
  readonly monitor_status: FirstStatusName;
  readonly created_by: string;
  readonly revoked_at: Timestamptz | null;
  readonly used_at: Timestamptz | null;
  readonly enrolment_id: string | null;
  readonly csr_hash: Uint8Array | null;
  readonly sealed_key: Uint8Array | null;
  readonly certificate_pem: string | null;
  readonly agent_id: bigint | null;
  readonly expired: boolean;
}

async function lockToken(transaction: Transaction<Schema>, secret: string): Promise<TokenRow> {
  const { rows } = await sql<TokenRow>`
    select t.id, t.account_id, t.country, t.network, t.location, t.monitor_status, t.created_by, t.revoked_at,
      t.used_at, t.agent_id, t.enrolment_id, t.csr_hash, t.sealed_key, t.certificate_pem, t.expires_at <= now() as expired
    from enrolment_tokens t
    where t.secret_hash = ${tokenHash(secret)}
    for update of t`.execute(transaction);
  const [row] = rows;
  if (row === undefined) {
    throw new AppError(
      "unauthenticated",
      "the enrolment token is not one of ours: get one from the dashboard, or with `truechimer agents token create`",
    );
  }
  return row;
}

/** Whoever holds the token may know what became of it. */
function refusal(what: string): AppError {
  return new AppError(
    "forbidden",
    `the enrolment token ${what}: get a new one from the dashboard, or with \`truechimer agents token create\``,
  );
}

async function repeatedAnswer(
  context: ServerContext,
  transaction: Transaction<Schema>,
  { token, enrolment }: { readonly token: TokenRow; readonly enrolment: TokenToSpend },
): Promise<SpentToken> {
  const same =
    token.enrolment_id === enrolment.enrolmentId &&
    token.csr_hash !== null &&
    sameBytes(token.csr_hash, enrolment.csrHash);
  if (!same || token.sealed_key === null || token.agent_id === null) throw refusal("was used");
  // A statement of its own: one that waited for the token's lock would not see an agent that was made meanwhile.
  const { tls_name: tlsName } = await transaction
    .selectFrom("agents")
    .select("tls_name")
    .where("id", "=", token.agent_id)
    .executeTakeFirstOrThrow();
  return {
    tokenId: token.id,
    tlsName,
    apiKey: unsealKey(context, { id: token.id, sealed: token.sealed_key }),
    certificatePem: token.certificate_pem ?? undefined,
    repeated: true,
  };
}

async function admit(
  context: ServerContext,
  transaction: Transaction<Schema>,
  { token, enrolment }: { readonly token: TokenRow; readonly enrolment: TokenToSpend },
): Promise<SpentToken> {
  const tlsName = newAgentName(context, enrolment.hostname);
  const [label = ""] = tlsName.split(".", 1);
  const name = enrolment.hostname === "" ? label : enrolment.hostname;
  const { agentId, apiKey } = await admitAgent(context, transaction, {
    tlsName,
    addresses: enrolment.addresses,
    status: token.monitor_status,
    facts: {
      name,
      accountId: token.account_id,
      country: token.country,
      network: token.network,
      location: token.location,
      admittedBy: token.created_by,
    },
  });
  await transaction
    .updateTable("enrolment_tokens")
    .set({
      used_at: sql<Timestamptz>`now()`,
      enrolment_id: enrolment.enrolmentId,
      csr_hash: enrolment.csrHash,
      agent_id: agentId,
      sealed_key: sealKey(context, { id: token.id, apiKey }),
    })
    .where("id", "=", token.id)
    .execute();
  await noteAgentEvent(transaction, {
    kind: "agent_enrolled",
    agentId,
    text: `agent ${name} has come in with a token as ${tlsName}`,
  });
  return { tokenId: token.id, tlsName, apiKey, certificatePem: undefined, repeated: false };
}
