// The list of enrolment tokens.

import type { adminV1 } from "@truechimer/api";
import { unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { isoOf, msOf } from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

export async function printEnrolmentTokens(
  printer: Printer,
  tokens: readonly adminV1.EnrolmentToken[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<adminV1.EnrolmentToken>[] = [
    { title: "for", text: ({ name }) => printable(name) || "–" },
    { title: "state", text: (token) => tokenState(token, nowMs) },
    { title: "made", text: ({ createdAt }) => agoCell(msOf(createdAt), nowMs) },
    { title: "ends", text: ({ expiresAt }) => agoCell(msOf(expiresAt), nowMs) },
    { title: "agent", text: ({ agentId }) => agentId || "–" },
    { title: "id", text: ({ id }) => id },
  ];
  await printer.table({
    columns,
    rows: tokens,
    json: (token) => tokenJson(token, nowMs),
    empty: 'there is no token: make one with "truechimer agents token create"',
  });
}

/** What ended it first. */
function tokenState(
  { usedAt, revokedAt, expiresAt }: adminV1.EnrolmentToken,
  nowMs: number,
): string {
  if (usedAt !== undefined) return "used";
  if (revokedAt !== undefined) return "revoked";
  return (msOf(expiresAt) ?? 0) > nowMs ? "good" : "too old";
}

function tokenJson(token: adminV1.EnrolmentToken, nowMs: number): Record<string, unknown> {
  return {
    id: token.id,
    name: token.name,
    state: tokenState(token, nowMs),
    created_at: isoOf(token.createdAt),
    expires_at: isoOf(token.expiresAt),
    used_at: isoOf(token.usedAt),
    revoked_at: isoOf(token.revokedAt),
    agent_id: token.agentId,
  };
}
