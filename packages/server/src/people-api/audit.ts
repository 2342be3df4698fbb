// ListAuditEntries, VerifyAudit: the trail of what was done, and whether it is whole.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { instantOf, timestampFromNs } from "../admin-api/admin-message.ts";
import {
  decodePageToken,
  encodePageToken,
  INT8_PATTERN,
  pageSize,
} from "../admin-api/page-token.ts";
import { readNewestEntries } from "../audit/read-trail.ts";
import { headOf, parseSignedHead, type SignedHead } from "../audit/signed-head.ts";
import type { StoredEntry } from "../audit/trail-check.ts";
import { verifyTrail } from "../audit/verify-trail.ts";
import type { ServerContext } from "../context.ts";
import type { ActingContext } from "../people/caller.ts";

/** As long as the longest name. */
const WORDS_CHARACTERS_MAX = 100;

export async function listAuditEntries(
  { database, caller }: ActingContext,
  request: peopleV1.ListAuditEntriesRequest,
): Promise<peopleV1.ListAuditEntriesResponse> {
  const size = pageSize(request.pageSize, { normal: 100, max: 1_000 });
  const [before] =
    request.pageToken === "" ? [] : decodePageToken(request.pageToken, [INT8_PATTERN]);
  const found = await readNewestEntries(database.kysely, {
    before: before === undefined ? undefined : BigInt(before),
    accountId: caller?.accountId,
    who: searchWords("who", request.who),
    what: searchWords("what", request.what),
    from: instantOf(request.from),
    to: instantOf(request.to),
    limit: size + 1,
  });
  const entries = found.slice(0, size);
  const last = entries.at(-1);
  return create(peopleV1.ListAuditEntriesResponseSchema, {
    entries: entries.map(entryMessage),
    nextPageToken:
      found.length > size && last !== undefined ? encodePageToken([String(last.sequence)]) : "",
  });
}

function searchWords(field: string, text: string): string {
  const words = text.trim();
  if (Array.from(words).length <= WORDS_CHARACTERS_MAX) return words;
  throw new AppError(
    "bad_request",
    `${field} has ${Array.from(words).length} characters: expected at most ${WORDS_CHARACTERS_MAX}`,
  );
}

export async function verifyAudit(
  context: ServerContext,
  { headJson }: peopleV1.VerifyAuditRequest,
): Promise<peopleV1.VerifyAuditResponse> {
  const given = headJson.trim();
  const kept = given === "" ? await context.auditHead.kept() : {};
  const head = given === "" ? kept.head : parseSignedHead(given);
  if (given !== "" && head === undefined) {
    throw new AppError(
      "bad_request",
      "head_json is no head of an audit trail: expected the line of audit-head.json",
    );
  }
  const remarks = kept.problem === undefined ? remarksOn(context, head) : [];
  const holds = head !== undefined && context.auditSigner?.holds(head) === true;
  const report = await verifyTrail(context.database.kysely, holds ? headOf(head) : undefined);
  const problems = [
    ...report.problems,
    ...forged(context, head, holds),
    ...(kept.problem === undefined ? [] : [kept.problem]),
  ];
  return create(peopleV1.VerifyAuditResponseSchema, {
    whole: problems.length === 0,
    entries: report.entries,
    problems,
    vouchedFor: report.vouchedFor,
    remarks,
  });
}

function remarksOn({ auditSigner }: ServerContext, head: SignedHead | undefined): string[] {
  if (auditSigner === undefined)
    return ["without a master key no head is signed: a tail that was cut off cannot be seen"];
  if (head === undefined)
    return ["no head is kept outside the database yet: a tail that was cut off cannot be seen"];
  if (head.key !== auditSigner.keyId) {
    return [
      `the head was signed with the key ${head.key}, and this server has ${auditSigner.keyId}: it vouches for nothing here`,
    ];
  }
  return [];
}

/** Signed with our key, as it says, and yet not. */
function forged(
  { auditSigner }: ServerContext,
  head: SignedHead | undefined,
  holds: boolean,
): string[] {
  if (head === undefined || holds || head.key !== auditSigner?.keyId) return [];
  return ["the head that was kept outside the database has a signature that does not hold"];
}

function entryMessage(entry: StoredEntry): peopleV1.AuditEntry {
  return create(peopleV1.AuditEntrySchema, {
    sequence: entry.sequence,
    at: timestampFromNs(entry.atUs * 1_000n),
    actorKind: entry.actorKind,
    actorId: entry.actorId,
    actorName: entry.actorName,
    act: entry.act,
    object: entry.object,
    beforeJson: entry.before ?? "",
    afterJson: entry.after ?? "",
    hash: Buffer.from(entry.hash).toString("hex"),
  });
}
