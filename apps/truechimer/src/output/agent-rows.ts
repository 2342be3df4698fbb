// The list of agents.

import type { adminV1 } from "@truechimer/api";
import { unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { familyWord, isoOf, monitorStatusWord, msOf } from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable, type Style } from "./style.ts";
import type { Column } from "./table.ts";

const NONE_YET =
  'no agent is known: make a token for one with "truechimer agents token create", and run what it prints on its host';

export async function printAgents(
  printer: Printer,
  agents: readonly adminV1.Agent[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const { green, red } = printer.style;
  const columns: readonly Column<adminV1.Agent>[] = [
    { title: "agent", text: ({ name }) => printable(name) },
    { title: "online", text: ({ online }) => (online ? green("yes") : red("no")) },
    { title: "families", text: familiesText },
    { title: "certificate", text: (agent) => certificateCell(agent, nowMs, printer.style) },
    { title: "last seen", text: ({ lastSeenAt }) => agoCell(msOf(lastSeenAt), nowMs) },
    { title: "version", text: ({ clientVersion }) => printable(clientVersion) || "–" },
    { title: "country", text: ({ country }) => country || "–" },
    { title: "location", text: ({ location }) => printable(location) },
    { title: "id", text: ({ id }) => id },
  ];
  await printer.table({ columns, rows: agents, json: agentJson, empty: NONE_YET });
}

/** "v4 active, v6 paused" */
function familiesText({ monitors }: adminV1.Agent): string {
  const parts = monitors.map(
    ({ family, status }) => `${familyWord(family)} ${monitorStatusWord(status)}`,
  );
  return parts.length === 0 ? "–" : parts.join(", ");
}

function certificateCell({ certificate }: adminV1.Agent, nowMs: number, style: Style): string {
  const endsMs = msOf(certificate?.notAfter);
  if (endsMs === undefined) return "–";
  if (certificate?.revokedAt !== undefined) return style.red("revoked");
  return endsMs > nowMs ? `ends ${agoCell(endsMs, nowMs)}` : style.red("ended");
}

export function agentJson(agent: adminV1.Agent): Record<string, unknown> {
  return {
    id: agent.id,
    name: agent.name,
    tls_name: agent.tlsName,
    online: agent.online,
    transport: agent.transport,
    monitors: agent.monitors.map(({ id, address, family, status }) => ({
      id,
      address,
      family: familyWord(family),
      status: monitorStatusWord(status),
    })),
    certificate: agent.certificate === undefined ? null : certificateJson(agent.certificate),
    last_seen_at: isoOf(agent.lastSeenAt),
    last_submit_at: isoOf(agent.lastSubmitAt),
    client_version: agent.clientVersion,
    account: agent.account,
    country: agent.country,
    network: agent.network,
    location: agent.location,
    enrolled_at: isoOf(agent.enrolledAt),
    lab: agent.lab,
  };
}

export function certificateJson(certificate: adminV1.AgentCertificate): Record<string, unknown> {
  return {
    serial: certificate.serial,
    not_before: isoOf(certificate.notBefore),
    not_after: isoOf(certificate.notAfter),
    renew_after: isoOf(certificate.renewAfter),
    fingerprint: certificate.fingerprint,
    revoked_at: isoOf(certificate.revokedAt),
  };
}
