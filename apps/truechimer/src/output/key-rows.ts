// The list of API keys.

import type { peopleV1 } from "@truechimer/api";
import { unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { roleWord } from "../role-words.ts";
import { isoOf, msOf } from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

export async function printKeys(
  printer: Printer,
  keys: readonly peopleV1.ApiKey[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<peopleV1.ApiKey>[] = [
    { title: "id", text: ({ id }) => String(id) },
    { title: "for", text: ({ name }) => printable(name) },
    { title: "role", text: ({ role }) => roleWord(role) },
    { title: "account", text: ({ accountId }) => accountId || "all" },
    { title: "state", text: (key) => stateOf(key, nowMs) },
    { title: "used", text: ({ lastUsedAt }) => agoCell(msOf(lastUsedAt), nowMs) },
    { title: "made by", text: ({ createdBy }) => printable(createdBy) || "–" },
  ];
  await printer.table({
    columns,
    rows: keys,
    json: (key) => keyJson(key, nowMs),
    empty: 'there is no key: make one with "truechimer keys create NAME"',
  });
}

function stateOf({ revokedAt, expiresAt }: peopleV1.ApiKey, nowMs: number): string {
  if (revokedAt !== undefined) return "revoked";
  const endsMs = msOf(expiresAt);
  return endsMs === undefined || endsMs > nowMs ? "good" : "ended";
}

function keyJson(key: peopleV1.ApiKey, nowMs: number): Record<string, unknown> {
  return {
    id: key.id,
    name: key.name,
    role: roleWord(key.role),
    account_id: key.accountId,
    procedures: key.procedures,
    state: stateOf(key, nowMs),
    created_by: key.createdBy,
    created_at: isoOf(key.createdAt),
    last_used_at: isoOf(key.lastUsedAt),
    expires_at: isoOf(key.expiresAt),
    revoked_at: isoOf(key.revokedAt),
  };
}
