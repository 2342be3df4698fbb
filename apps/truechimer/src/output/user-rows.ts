// The lists of users and of their sessions.

import type { peopleV1 } from "@truechimer/api";
import { unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { roleWord } from "../role-words.ts";
import { isoOf, msOf } from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { agoText } from "./time-text.ts";

export async function printUsers(
  printer: Printer,
  users: readonly peopleV1.User[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<peopleV1.User>[] = [
    { title: "name", text: ({ name }) => printable(name) },
    { title: "role", text: ({ role }) => roleWord(role) },
    { title: "account", text: ({ accountIds }) => accountIds.join(", ") || "all" },
    { title: "state", text: stateOf },
    { title: "second factor", text: factorsOf },
    { title: "signed in", text: ({ signedInAt }) => agoCell(msOf(signedInAt), nowMs) },
    { title: "sessions", text: ({ sessions }) => String(sessions) },
    { title: "invited by", text: ({ createdBy }) => printable(createdBy) || "–" },
  ];
  await printer.table({
    columns,
    rows: users,
    json: userJson,
    empty: 'nobody signs in by name: invite somebody with "truechimer users invite NAME"',
  });
}

function stateOf({ disabled, invited }: peopleV1.User): string {
  if (disabled) return "locked out";
  return invited ? "invited" : "good";
}

function factorsOf({ secondFactor, passkeys }: peopleV1.User): string {
  const words = [
    ...(secondFactor ? ["app"] : []),
    ...(passkeys === 0 ? [] : [passkeys === 1 ? "passkey" : `${passkeys} passkeys`]),
  ];
  return words.join(", ") || "–";
}

function userJson(user: peopleV1.User): Record<string, unknown> {
  return {
    id: user.id,
    name: user.name,
    role: roleWord(user.role),
    account_id: user.accountId,
    account_ids: user.accountIds,
    invited: user.invited,
    disabled: user.disabled,
    by_provider: user.byProvider,
    second_factor: user.secondFactor,
    passkeys: user.passkeys,
    created_by: user.createdBy,
    created_at: isoOf(user.createdAt),
    signed_in_at: isoOf(user.signedInAt),
    sessions: user.sessions,
    link_expires_at: isoOf(user.linkExpiresAt),
  };
}

export async function printSessions(
  printer: Printer,
  sessions: readonly peopleV1.Session[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<peopleV1.Session>[] = [
    { title: "id", text: ({ id }) => id },
    { title: "from", text: ({ openedFrom }) => openedFrom || "–" },
    { title: "used", text: ({ lastUsedAt }) => agoCell(msOf(lastUsedAt), nowMs) },
    { title: "signed in", text: ({ createdAt }) => agoCell(msOf(createdAt), nowMs) },
    { title: "ends", text: ({ expiresAt }) => agoText(msOf(expiresAt) ?? nowMs, nowMs) },
    { title: "browser", text: ({ userAgent }) => printable(userAgent) || "–" },
  ];
  await printer.table({
    columns,
    rows: sessions,
    json: (session) => ({
      id: session.id,
      opened_from: session.openedFrom,
      user_agent: session.userAgent,
      created_at: isoOf(session.createdAt),
      last_used_at: isoOf(session.lastUsedAt),
      expires_at: isoOf(session.expiresAt),
    }),
    empty: "nowhere",
  });
}
