// Alerts that nobody is told of for now.

import type { AlertSubjectName, Schema } from "@truechimer/database";
import {
  type Condition,
  certificateReaders,
  compileCondition,
  monitorReaders,
  readFilter,
  serverReaders,
} from "@truechimer/filter";
import { sql, type Transaction } from "kysely";
import { monitorMessages } from "../admin-api/monitor-messages.ts";
import { serverMessages } from "../admin-api/server-messages.ts";
import type { ServerContext } from "../context.ts";
import { dashboardCertificates } from "./dashboard-certificates.ts";

interface SilenceRow {
  readonly subject: AlertSubjectName;
  readonly filter: string;
  readonly account_id: bigint | null;
}

interface OpenAlert {
  readonly id: bigint;
  readonly subject: AlertSubjectName;
  readonly subject_id: bigint;
  readonly account_id: bigint | null;
}

export async function silencedAlerts(
  context: ServerContext,
  transaction: Transaction<Schema>,
  nowNs: bigint,
): Promise<ReadonlySet<bigint>> {
  const silences = await sql<SilenceRow>`
    select subject, filter, account_id from alert_silences where starts_at <= now() and ends_at > now()`.execute(
    transaction,
  );
  if (silences.rows.length === 0) return new Set();
  const alerts = await sql<OpenAlert>`
    select a.id, r.subject, a.subject_id, r.account_id from alerts a join alert_rules r on r.id = a.rule_id
    where a.ended_at is null and a.fired_at is not null`.execute(transaction);
  const silenced = new Set<bigint>();
  for (const silence of silences.rows) {
    const concerned = alerts.rows.filter(
      ({ subject, account_id: account }) =>
        subject === silence.subject && (silence.account_id ?? account) === account,
    );
    const passing = await passingSubjects(context, { silence, concerned, nowNs });
    for (const { id, subject_id: subject } of concerned) if (passing(subject)) silenced.add(id);
  }
  return silenced;
}

async function passingSubjects(
  context: ServerContext,
  {
    silence,
    concerned,
    nowNs,
  }: {
    readonly silence: SilenceRow;
    readonly concerned: readonly OpenAlert[];
    readonly nowNs: bigint;
  },
): Promise<(subjectId: bigint) => boolean> {
  if (silence.filter === "") return () => true;
  const condition = readFilter(silence.filter, { subject: silence.subject, nowNs });
  if (!condition.ok) return () => false;
  const passing = await passingRows(context, condition.value, { silence, concerned });
  const ids = new Set(passing.map(({ id }) => id));
  return (id) => ids.has(id);
}

async function passingRows(
  context: ServerContext,
  condition: Condition,
  {
    silence,
    concerned,
  }: { readonly silence: SilenceRow; readonly concerned: readonly OpenAlert[] },
): Promise<readonly { readonly id: bigint }[]> {
  const { database, policy } = context;
  switch (silence.subject) {
    case "servers": {
      const ids = concerned.map((alert) => alert.subject_id);
      const servers = await serverMessages(context, { ids });
      return servers.filter(compileCondition(condition, serverReaders));
    }
    case "monitors": {
      const monitors = await monitorMessages(database.kysely, policy.offsetLimitNs);
      return monitors.filter(compileCondition(condition, monitorReaders));
    }
    case "certificates":
      return (await dashboardCertificates(database)).filter(
        compileCondition(condition, certificateReaders),
      );
  }
}
