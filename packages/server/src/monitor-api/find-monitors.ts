// Which monitors call: one statement for all calls that came together.

import type { Database, IpVersion, JsonValue, MonitorStatusName } from "@truechimer/database";
import { sql } from "kysely";
import type { AgentCredential } from "../enrolment/agent-credential.ts";
import type { Outcome } from "./gather.ts";
import { MONITOR_MARK, noteSeen } from "./monitor-mark.ts";
import { type Settings, settingsText } from "./read-settings.ts";

export interface MonitorQuestion {
  readonly credential: AgentCredential;
  /** Canonical. Empty: any of the agent's. */
  readonly address: string;
}

export interface MonitorRow {
  readonly id: bigint;
  readonly hostname: string;
  readonly ip: string | null;
  readonly ip_version: IpVersion | null;
  readonly status: MonitorStatusName;
  readonly lab: boolean;
  readonly config: JsonValue;
  readonly client_version: string;
  readonly tls_name: string | null;
  readonly agent_id: bigint | null;
  /** Whether this is the first call with the agent's key. A certificate says nothing about who has the key. */
  readonly key_is_new: boolean;
  /** What the operators have set for agents. */
  readonly settings: Settings;
  /** Of all that was found of it (monitor-mark.ts). */
  readonly mark: bigint;
}

interface FoundRow extends Omit<MonitorRow, "settings"> {
  readonly place: number;
  readonly settings: string;
}

/** All monitors of each agent at the address that it names. They are noted as seen. */
export async function findMonitors(
  { kysely }: Pick<Database, "kysely">,
  parseSettings: (text: string) => Settings,
  questions: readonly MonitorQuestion[],
): Promise<readonly Outcome<readonly MonitorRow[]>[]> {
  const { rows } = await sql<FoundRow>`
    /* prepared: find_monitors */
    with asked as materialized (
      select * from unnest(
        ${questions.map(({ credential }) => nameOf(credential))}::text[],
        ${questions.map(({ credential }) => hashOf(credential))}::bytea[],
        ${questions.map(({ address }) => address)}::text[]
      ) with ordinality as t (tls_name, token_hash, address, place)
    ),
    found as materialized (
      select a.place, m.id, m.last_seen, false as key_is_new
      from asked a join monitors m on lower(m.tls_name) = a.tls_name
      where m.is_current and m.deleted_on is null and m.type = 'monitor' and (a.address = '' or host(m.ip) = a.address)
      union all
      select a.place, m.id, m.last_seen,
        exists (select from agents agent where agent.id = m.agent_id and agent.key_used_at is null)
      from asked a join monitors m on m.token_hash = a.token_hash
      where m.is_current and m.deleted_on is null and m.type = 'monitor' and (a.address = '' or host(m.ip) = a.address)
    ),
    ${noteSeen("found")}
    select f.place::int as place, m.id, m.hostname, host(m.ip) as ip, m.ip_version, m.status, m.lab, m.config,
      m.client_version, m.tls_name, m.agent_id, f.key_is_new,
      ${settingsText} as settings, ${MONITOR_MARK} as mark
    from found f join monitors m on m.id = f.id order by f.place, m.id`.execute(kysely);
  const answers = questions.map((): { readonly value: MonitorRow[] } => ({ value: [] }));
  for (const { place, settings, ...row } of rows)
    answers[place - 1]?.value.push({ ...row, settings: parseSettings(settings) });
  return answers;
}

function nameOf(credential: AgentCredential): string | null {
  return credential.kind === "key" ? null : credential.tlsName.toLowerCase();
}

function hashOf(credential: AgentCredential): Buffer | null {
  return credential.kind === "key" ? credential.hash : null;
}
