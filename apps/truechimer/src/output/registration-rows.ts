// The list of registrations.

import type { adminV1 } from "@truechimer/api";
import { unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { isoOf, msOf, registrationStatusWord } from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

export async function printRegistrations(
  printer: Printer,
  registrations: readonly adminV1.Registration[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<adminV1.Registration>[] = [
    { title: "host", text: ({ hostname }) => printable(hostname) || "–" },
    { title: "from", text: ({ addresses }) => addresses.join(", ") },
    { title: "status", text: ({ status }) => registrationStatusWord(status) },
    { title: "asked", text: ({ createdAt }) => agoCell(msOf(createdAt), nowMs) },
    { title: "heard", text: ({ lastSeenAt }) => agoCell(msOf(lastSeenAt), nowMs) },
    { title: "version", text: ({ clientVersion }) => printable(clientVersion) },
    { title: "decided by", text: ({ decidedBy }) => printable(decidedBy) || "–" },
    { title: "id", text: ({ id }) => id },
  ];
  await printer.table({
    columns,
    rows: registrations,
    json: registrationJson,
    empty: "nobody asks to be let in",
  });
}

function registrationJson(registration: adminV1.Registration): Record<string, unknown> {
  return {
    id: registration.id,
    status: registrationStatusWord(registration.status),
    hostname: registration.hostname,
    addresses: registration.addresses,
    account: registration.account,
    client_version: registration.clientVersion,
    tls_name: registration.tlsName,
    created_at: isoOf(registration.createdAt),
    last_seen_at: isoOf(registration.lastSeenAt),
    decided_at: isoOf(registration.decidedAt),
    decided_by: registration.decidedBy,
    reason: registration.reason,
    country: registration.country,
    network: registration.network,
  };
}
