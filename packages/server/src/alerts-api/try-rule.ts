// TryAlertRule: what a rule would have told over a range of the past, by what is kept of it.

import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type PastAlertOf,
  type PastIncident,
  type PastTruth,
  pastAlerts,
  pastIncidents,
  pastMessages,
  type Truth,
} from "@truechimer/alerts";
import { adminV1, alertsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  type Condition,
  compileCondition,
  monitorReaders,
  type Readers,
  readFilter,
  serverReaders,
} from "@truechimer/filter";
import { nsOf, optionalField, timestampFromNs } from "../admin-api/admin-message.ts";
import { truthOfOther } from "../alerts/found-subjects.ts";
import type { Step } from "../alerts/past/changes.ts";
import { type PastSubject, pastCauses } from "../alerts/past/past-causes.ts";
import { pastMonitors } from "../alerts/past/past-monitors.ts";
import { type PastQuestion, pastServers } from "../alerts/past/past-servers.ts";
import { unreplayable } from "../alerts/past/replayable.ts";
import { quietHoursOf } from "../alerts/rules.ts";
import { FilterRefused } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import { askedRange } from "../rules/asked-rules.ts";
import { requireChannels } from "./alert-words.ts";
import { checkedRule, type RuleValues } from "./rules.ts";

const DAY_NS = 86_400_000_000_000n;
const RANGE_DAYS_MAX = 30n;
/** What a page or a terminal can show. */
const INCIDENTS_MAX = 500;
const SUBJECTS_MAX = 10;
/** A rule needs a name when it is kept, and not before. */
const NAMELESS = "this rule";

interface Lookback extends PastQuestion {
  readonly values: RuleValues;
}

interface PastLife {
  readonly subject: PastSubject;
  readonly truths: readonly PastTruth[];
}

export async function tryAlertRule(
  context: ActingContext,
  { rule, from, to }: alertsV1.TryAlertRuleRequest,
  signal: AbortSignal,
): Promise<alertsV1.TryAlertRuleResponse> {
  if (rule === undefined) throw new AppError("bad_request", "rule is missing");
  const values = checkedRule(context, rule.name === "" ? { ...rule, name: NAMELESS } : rule);
  if (values.subject === "certificates") {
    throw new AppError(
      "bad_request",
      "rule.subject CERTIFICATES: the past of the dashboard's certificate is not kept, so that a rule over it cannot be tried: expected SERVERS or MONITORS",
    );
  }
  const problem = unreplayable(values.subject, values.filter);
  if (problem !== undefined) throw new FilterRefused(problem);
  const accountId = context.caller?.accountId;
  const channels = [...values.channel_ids, ...values.escalation_channel_ids];
  await requireChannels(context.database.kysely, channels, accountId);
  const range = keptRange(context, { from, to });
  const condition = readFilter(values.filter, { subject: values.subject, nowNs: range.toNs });
  if (!condition.ok) throw new FilterRefused(condition.error);
  const lookback = { ...range, accountId, condition: condition.value, signal, values };
  const lives = await (values.subject === "servers" ? serverLives : monitorLives)(
    context,
    lookback,
  );
  return answer(lookback, {
    incidents: await incidentsOf(context, lookback, lives),
    subjectsTotal: lives.length,
  });
}

/** Fails with bad_request for a range that is empty or too long. */
function keptRange(
  context: ActingContext,
  asked: Pick<alertsV1.TryAlertRuleRequest, "from" | "to">,
): { readonly fromNs: bigint; readonly toNs: bigint } {
  const { fromNs, toNs } = askedRange(context, asked);
  if (toNs - fromNs > RANGE_DAYS_MAX * DAY_NS) {
    const days = Number((toNs - fromNs) / 1_000_000_000n) / 86_400;
    throw new AppError(
      "bad_request",
      `from is ${days.toFixed(1)} days before to: expected at most ${RANGE_DAYS_MAX}`,
    );
  }
  const keptFromNs = context.clock.nowNs() - BigInt(context.policy.retentionMs) * 1_000_000n;
  if (toNs <= keptFromNs)
    throw new AppError(
      "bad_request",
      "to is before everything that is kept: expected a later instant",
    );
  return { fromNs: fromNs < keptFromNs ? keptFromNs : fromNs, toNs };
}

async function serverLives(
  context: ActingContext,
  lookback: Lookback,
): Promise<readonly PastLife[]> {
  const { condition, fromNs } = lookback;
  const holds = compileCondition(condition, serverReaders);
  const holdsNot = compileCondition({ kind: "not", operand: condition }, serverReaders);
  const truthOf = (server: adminV1.Server): PastTruth["truth"] =>
    server.state === adminV1.ServerState.WATCHED && holds(server)
      ? "holds"
      : truthOfOther(server, holdsNot);
  const servers = await pastServers(context, lookback);
  return servers.map((past) => ({
    subject: { id: past.server.id, name: past.server.name, past },
    truths: truthsOf(
      {
        now: past.server,
        first: past.first,
        steps: past.steps,
        fromNs: latest(fromNs, past.server.addedAt),
      },
      truthOf,
    ),
  }));
}

async function monitorLives(
  context: ActingContext,
  lookback: Lookback,
): Promise<readonly PastLife[]> {
  const truthOf = threeValued(lookback.condition, monitorReaders);
  const monitors = await pastMonitors(context, lookback);
  return monitors.map(({ monitor, first, steps }) => ({
    subject: { id: monitor.id, name: monitor.name, past: undefined },
    truths: truthsOf(
      { now: monitor, first, steps, fromNs: latest(lookback.fromNs, monitor.createdAt) },
      truthOf,
    ),
  }));
}

/** Nothing was wrong with it before it was there. */
function latest(fromNs: bigint, madeAt: Timestamp | undefined): bigint {
  const madeNs = nsOf(madeAt);
  return madeNs > fromNs ? madeNs : fromNs;
}

function threeValued<Row>(condition: Condition, readers: Readers<Row>): (row: Row) => Truth {
  const holds = compileCondition(condition, readers);
  const holdsNot = compileCondition({ kind: "not", operand: condition }, readers);
  return (row) => (holds(row) ? "holds" : holdsNot(row) ? "holds_not" : "unknown");
}

/** Only where it changes. */
function truthsOf<Row extends object, State>(
  life: {
    readonly now: Row;
    readonly first: State;
    readonly steps: readonly Step<State>[];
    readonly fromNs: bigint;
  },
  truthOf: (row: Row) => PastTruth["truth"],
): readonly PastTruth[] {
  const then: Row = Object.assign({ ...life.now }, life.first);
  const truths: PastTruth[] = [{ atNs: life.fromNs, truth: truthOf(then) }];
  for (const { atNs, change } of life.steps) {
    Object.assign(then, change);
    const truth = truthOf(then);
    if (truth !== truths.at(-1)?.truth) truths.push({ atNs, truth });
  }
  return truths;
}

async function incidentsOf(
  context: ActingContext,
  { values, fromNs, toNs }: Lookback,
  lives: readonly PastLife[],
): Promise<readonly PastIncident<PastSubject>[]> {
  const timing = { holdsMs: Number(values.holds_ms), recoversMs: Number(values.recovers_ms), toNs };
  const alerts = lives.flatMap(({ subject, truths }): readonly PastAlertOf<PastSubject>[] =>
    pastAlerts(truths, timing).map((alert) => ({ ...alert, subject })),
  );
  const causesAt = await pastCauses(context, {
    grouping: values.grouping,
    ruleName: values.name,
    fromNs,
    toNs,
    subjects: [...new Set(alerts.map(({ subject }) => subject))],
  });
  return pastIncidents(alerts, causesAt);
}

function answer(
  { values, fromNs, toNs }: Lookback,
  {
    incidents,
    subjectsTotal,
  }: {
    readonly incidents: readonly PastIncident<PastSubject>[];
    readonly subjectsTotal: number;
  },
): alertsV1.TryAlertRuleResponse {
  const telling = {
    channelIds: values.channel_ids,
    quiet: quietHoursOf(values),
    escalateAfterMs:
      values.escalate_after_ms === null ? undefined : Number(values.escalate_after_ms),
    escalationChannelIds: values.escalation_channel_ids,
  };
  const told = incidents.map((incident) => {
    const names = [...new Set(incident.alerts.map(({ subject }) => subject.name))];
    const { cause, beganAtNs, endedAtNs } = incident;
    return create(alertsV1.TriedIncidentSchema, {
      cause: cause.key,
      title: cause.title,
      beganAt: timestampFromNs(beganAtNs),
      ...optionalField("endedAt", endedAtNs === undefined ? null : timestampFromNs(endedAtNs)),
      subjects: names.slice(0, SUBJECTS_MAX),
      subjectsTotal: names.length,
      messages: pastMessages(incident, telling, toNs),
    });
  });
  return create(alertsV1.TryAlertRuleResponseSchema, {
    from: timestampFromNs(fromNs),
    to: timestampFromNs(toNs),
    incidents: told.slice(0, INCIDENTS_MAX),
    incidentsTotal: told.length,
    messagesTotal: told.reduce((sum, { messages }) => sum + messages, 0),
    subjectsTotal,
    assumptions: assumptions(values),
  });
}

function assumptions(values: RuleValues): string[] {
  const isOfServers = values.subject === "servers";
  return [
    isOfServers
      ? "Names, addresses and who watches whom are taken to be what they are today."
      : "Monitors are those of today, with the names, places and statuses that they have today.",
    ...(isOfServers
      ? ["Whether too few saw a server is known for the moments at which its verdict changed."]
      : []),
    "Nothing was silenced, and our own side was never broken.",
    ...(values.escalate_after_ms === null ? [] : ["Nobody acknowledged anything."]),
  ];
}
