// The servers that a caller sees and the monitors that check them, with all that a filter of checks can ask of the two.

import { type IpVersion, type VerdictName } from "@truechimer/database";
import type { Column } from "@truechimer/filter";
import { type RawBuilder, sql } from "kysely";
import { CHECK_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { monitorOfAccount, ofAccount } from "../people/account-sql.ts";
import type { ActingContext } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";

/** By the filter's name of the column. */
type FilterValues = Readonly<Record<Column, unknown>>;

export interface FleetServer extends FilterValues {
  readonly id: bigint;
  readonly name: string;
  readonly ip_version: IpVersion;
  readonly verdict: VerdictName;
}

export interface FleetMonitor extends FilterValues {
  readonly id: bigint;
  readonly name: string;
  readonly ip_version: IpVersion;
}

export interface Fleet {
  /** By id, in the order of their names. Those that were removed are not among them. */
  readonly servers: ReadonlyMap<number, FleetServer>;
  /** By id; scorers are none. Those that were deleted are among them: their checks are. */
  readonly monitors: ReadonlyMap<number, FleetMonitor>;
}

/** The account of the caller decides about servers; monitors are its own and those that check its servers. */
export async function loadFleet({ database, caller }: ActingContext): Promise<Fleet> {
  const accountId = caller?.accountId;
  const [servers, monitors] = await Promise.all([
    sql<FleetServer>`
      select s.id, s.name, s.ip_version, s.verdict, ${columnsOf("server.")} from servers s
      where s.state <> 'removed' and ${ofAccount("s.account_id", accountId)}
      order by s.name, s.id`.execute(database.kysely),
    sql<FleetMonitor>`
      select m.id, m.hostname as name, m.ip_version, ${columnsOf("monitor.")} from monitors m
      left join agents a on a.id = m.agent_id
      where m.type = 'monitor' and (${monitorOfAccount(accountId)} or exists (
        select from server_scores ss join servers s on s.id = ss.server_id
        where ss.monitor_id = m.id and ${ofAccount("s.account_id", accountId)}))`.execute(
      database.kysely,
    ),
  ]);
  return { servers: byId(servers.rows), monitors: byId(monitors.rows) };
}

function columnsOf(entity: "server." | "monitor."): RawBuilder<unknown> {
  const columns = Object.entries(CHECK_FILTER_COLUMNS).filter(([name]) => name.startsWith(entity));
  return sql.join(columns.map(([name, { expression }]) => sql`${expression} as ${sql.id(name)}`));
}

function byId<Row extends { readonly id: bigint }>(rows: readonly Row[]): ReadonlyMap<number, Row> {
  return new Map(rows.map((row) => [Number(row.id), row]));
}

/** Fails with not_found. */
export function serverNamed({ servers }: Fleet, id: bigint): FleetServer {
  const server = servers.get(Number(id));
  if (server === undefined) throw objectMissing("servers", id);
  return server;
}

/** Fails with not_found. */
export function monitorNamed({ monitors }: Fleet, id: bigint): FleetMonitor {
  const monitor = monitors.get(Number(id));
  if (monitor === undefined) throw objectMissing("monitors", id);
  return monitor;
}
