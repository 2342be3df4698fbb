// One look at all rules: what they find, which incidents that makes, and who is told. All of it, messages included, is one
// transaction with the mark that this period's look is done.

import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { advanceAlerts } from "./advance-alerts.ts";
import { createLooker } from "./found-subjects.ts";
import { endHold, hold } from "./hold.ts";
import { ownSideProblem } from "./own-side.ts";
import { placeAlerts } from "./place-alerts.ts";
import { readWatchingRules } from "./rules.ts";
import { silencedAlerts } from "./silenced-alerts.ts";
import { writeDigests } from "./write-digests.ts";
import { writeMessages } from "./write-messages.ts";

export async function evaluateAlerts(
  context: ServerContext,
  transaction: Transaction<Schema>,
): Promise<void> {
  const rules = await readWatchingRules(transaction);
  const { rows } = await sql<{ readonly now: Timestamptz }>`select now() as now`.execute(
    transaction,
  );
  const databaseNow = rows[0]?.now;
  if (databaseNow === undefined) throw new Error("now() gives a row");
  const nowNs = nsFromTimestamptz(databaseNow);
  if (rules.length > 0) {
    const problem = await ownSideProblem(context, databaseNow);
    if (problem !== undefined) {
      await hold(context, transaction, { problem, rules });
      return;
    }
  }
  await endHold(transaction);
  const looker = createLooker(context, nowNs);
  await advanceAlerts(transaction, { rules, looker, nowNs });
  await placeAlerts(context, transaction, { rules, nowNs });
  await writeMessages({
    context,
    transaction,
    rules: new Map(rules.map((rule) => [rule.id, rule])),
    nowNs,
    silenced: await silencedAlerts(context, transaction, nowNs),
  });
  await writeDigests(transaction, nowNs);
  await sql`update alert_evaluation set evaluated_at = now()`.execute(transaction);
}
