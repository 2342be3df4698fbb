// Every background loop there is, in one place at a time. What a scorer or an API process does all the time (scoring, the
// agents' streams) is no loop of this kind: it has no period, and every process of its role does it.

import { evaluateAlerts } from "../alerts/evaluate-alerts.ts";
import { sendMessages } from "../alerts/send-messages.ts";
import { cleanUpEnrolment } from "../enrolment/clean-up-enrolment.ts";
import { FAULTS_PERIOD_MS, judgeAllFaults } from "../fault/judge-faults.ts";
import { cleanUpLimits } from "../limits/clean-up-limits.ts";
import { rotateTicketKeys } from "../monitor-api/ticket-keyring.ts";
import { purgeReadCommits } from "../scorer/purge-read-commits.ts";
import { addMissingRows } from "../selector/reassign.ts";
import { reviewDueServers } from "../selector/review-servers.ts";
import { sweepVerdicts } from "../verdict/sweep-verdicts.ts";
import { cleanUp } from "./clean-up.ts";
import { dropOldDays } from "./drop-old-days.ts";
import type { Loop } from "./loop.ts";
import { noteMonitorPresence } from "./monitor-presence.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export const LOOPS: readonly Loop[] = [
  {
    name: "alert_messages",
    class: "idempotent",
    periodMs: 2 * SECOND_MS,
    purpose: "sends the messages of the alerts that wait in the outbox",
    run: (context, signal) => sendMessages(context, signal),
  },
  {
    name: "alert_rules",
    class: "once_per_period",
    periodMs: 5 * SECOND_MS,
    purpose: "looks at the rules of the alerts, and writes to whom something is to be told",
    run: (context, { transaction }) => evaluateAlerts(context, transaction),
  },
  {
    name: "assignment",
    class: "idempotent",
    periodMs: MINUTE_MS,
    purpose: "makes an assignment for every server and monitor, and a review for every server",
    run: ({ database }) => addMissingRows(database),
  },
  {
    name: "audit_head",
    class: "idempotent",
    periodMs: MINUTE_MS,
    purpose: "signs the end of the audit trail and keeps it outside the database",
    run: ({ auditHead }) => auditHead.keep(),
  },
  {
    name: "clean_up",
    class: "idempotent",
    periodMs: 10 * MINUTE_MS,
    purpose:
      "takes away ended sessions, old keys, old submission ids, old questions, old paths, old events, old incidents and certificates that ended long ago",
    run: cleanUp,
  },
  {
    name: "enrolment",
    class: "idempotent",
    periodMs: MINUTE_MS,
    purpose: "ends registrations, keys and answers that waited too long, and forgets old ones",
    run: cleanUpEnrolment,
  },
  {
    name: "faults",
    class: "idempotent",
    periodMs: FAULTS_PERIOD_MS,
    purpose: "judges whose fault it is where a server looks bad, by what all monitors see of all",
    run: judgeAllFaults,
  },
  {
    name: "monitor_presence",
    class: "idempotent",
    periodMs: 5 * SECOND_MS,
    purpose: "notes which monitors came and went",
    run: noteMonitorPresence,
  },
  {
    name: "partitions",
    class: "idempotent",
    periodMs: 60 * MINUTE_MS,
    purpose: "makes the tables of coming days and drops those older than the retention",
    run: dropOldDays,
  },
  {
    name: "rate_limits",
    class: "idempotent",
    periodMs: MINUTE_MS,
    purpose: "takes away the windows of limits that have ended, and their old counts",
    run: cleanUpLimits,
  },
  {
    name: "result_commits",
    class: "idempotent",
    periodMs: 10 * MINUTE_MS,
    purpose: "takes away the notes of who wrote which results, once the scorers have read them",
    run: ({ database }) => purgeReadCommits(database),
  },
  {
    name: "selector",
    class: "idempotent",
    periodMs: 5 * SECOND_MS,
    purpose: "reviews which monitors watch the servers that are due for it",
    run: (context, signal) => reviewDueServers(context, signal),
  },
  {
    name: "ticket_keys",
    class: "idempotent",
    periodMs: 60 * MINUTE_MS,
    purpose: "makes a new ticket key each day, and drops those that no ticket can name",
    run: rotateTicketKeys,
  },
  {
    name: "verdict_sweep",
    class: "idempotent",
    periodMs: 2 * SECOND_MS,
    purpose: "reaches verdicts anew where no result did, so that silence is noticed",
    run: sweepVerdicts,
  },
];
