// The reference id that a server names, from the packet itself. It rarely changes, so that of each server one packet now
// and then is enough.

import { parseIpAddress } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import { parseNtpPacket, referenceIdText } from "@truechimer/ntp";
import { sql, type Transaction } from "kysely";
import { decodeEvidence } from "../monitor-api/check-evidence.ts";
import type { KnownServer } from "./known-servers.ts";
import type { ScoredResult } from "./scored-result.ts";
import type { ServerState } from "./server-memory.ts";

/** Between two packets of a server. */
const READ_AGAIN_NS = 30_000_000_000n;

export interface ReferenceInput {
  readonly server: KnownServer;
  readonly state: ServerState;
  readonly results: readonly ScoredResult[];
}

/** Those that are to be written, by server. */
export async function readReferenceIds(
  transaction: Transaction<Schema>,
  servers: readonly ReferenceInput[],
  monotonicNs: bigint,
): Promise<ReadonlyMap<bigint, string>> {
  const wanted = servers.flatMap(({ server, state, results }) => {
    const readAtNs = state.referenceReadAtNs;
    if (readAtNs !== undefined && monotonicNs - readAtNs < READ_AGAIN_NS) return [];
    const result = results.findLast(({ hasEvidence, noResponse }) => hasEvidence && !noResponse);
    if (result === undefined) return [];
    state.referenceReadAtNs = monotonicNs;
    return [{ server, result }];
  });
  if (wanted.length === 0) return new Map();
  const { rows } = await sql<{ readonly place: bigint; readonly evidence: Uint8Array }>`
    select wanted.place, e.evidence
    from unnest(
      ${wanted.map(({ result }) => result.id)}::bigint[], ${wanted.map(({ result }) => result.at)}::timestamptz[]
    ) with ordinality as wanted (id, ts, place)
    join check_evidence e on e.log_score_id = wanted.id and e.ts = wanted.ts`.execute(transaction);
  const found = new Map<bigint, string>();
  for (const { place, evidence } of rows) {
    const server = wanted[Number(place) - 1]?.server;
    if (server === undefined) continue;
    const referenceId = referenceIdOf(evidence, server.ip);
    if (referenceId !== undefined && referenceId !== server.reference_id) {
      found.set(server.id, referenceId);
    }
  }
  return found;
}

function referenceIdOf(evidence: Uint8Array, ip: string): string | undefined {
  const { exchanges, selectedIndex } = decodeEvidence(evidence);
  const answered =
    exchanges[selectedIndex ?? -1] ?? exchanges.findLast(({ data }) => data.length > 0);
  if (answered === undefined) return undefined;
  const packet = parseNtpPacket(answered.data);
  const address = parseIpAddress(ip);
  if (!packet.ok || !address.ok) return undefined;
  return referenceIdText(packet.value, address.value.family);
}
