// SimulateReview and ExplainAssignment: the plan of a review as it would be now, and its reasons. Nothing is written, and no
// row is locked. A caller that sees one account is told of monitors as the server's own page tells it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  CHANGE_REASON_TEXTS,
  type Change,
  explanationText,
  type MonitorExplanation,
  planReview,
  type ReviewPlan,
  type SelectionPolicy,
  type Slack,
} from "@truechimer/selection";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import type { ActingContext } from "../people/caller.ts";
import { seenObjects } from "../people/seen-objects.ts";
import { toldWithServer } from "../people/told-with-server.ts";
import { type LoadedServer, loadSnapshots } from "../selector/load-snapshots.ts";
import { changedPolicy } from "../selector/selection-policies.ts";
import { fleetPolicy, policyOf } from "../selector/server-policy.ts";
import { ASSIGNMENT_STATUSES } from "./admin-message.ts";

const POLICY_CHARACTERS_MAX = 16_384;

export async function simulateReview(
  context: ActingContext,
  { serverId, policyJson }: adminV1.SimulateReviewRequest,
): Promise<adminV1.SimulateReviewResponse> {
  const { server, plan, policy } = await simulate(context, serverId, policyJson);
  const told = await toldMonitors(context, server);
  const isTold = ({ monitorId }: { readonly monitorId: bigint }): boolean => told.has(monitorId);
  const nameOf = nameAmong(told, server);
  return create(adminV1.SimulateReviewResponseSchema, {
    serverId,
    serverName: server.name,
    policy: policy.name,
    changes: plan.changes.filter(isTold).map((change) => changeMessage(change, nameOf)),
    slack: plan.slack.map((slack) => slackText(slack, nameOf)),
    explanations: plan.explanation.filter(isTold).map((each) => explanationMessage(each, nameOf)),
    usableBefore: plan.usableBefore,
    usableAfter: plan.usableAfter,
    activeAfter: plan.activeAfter,
    shortage: plan.shortage ?? "",
    proven: plan.proven,
    gapPoints: plan.gapPoints,
  });
}

export async function explainAssignment(
  context: ActingContext,
  { serverId, monitorId }: adminV1.ExplainAssignmentRequest,
): Promise<adminV1.ExplainAssignmentResponse> {
  const { server, plan } = await simulate(context, serverId, "");
  const told = await toldMonitors(context, server);
  const explanation = plan.explanation.find((each) => each.monitorId === monitorId);
  if (explanation === undefined || !told.has(monitorId)) {
    throw new AppError(
      "not_found",
      `monitor ${monitorId} has no assignment to server ${serverId}: only monitors of its family have`,
    );
  }
  return create(adminV1.ExplainAssignmentResponseSchema, {
    serverName: server.name,
    explanation: explanationMessage(explanation, nameAmong(told, server)),
  });
}

/** Monitors of which the caller is told. */
async function toldMonitors(
  { caller, database }: ActingContext,
  { snapshot }: LoadedServer,
): Promise<ReadonlySet<bigint>> {
  const { monitors } = snapshot;
  if (caller?.accountId === undefined) return new Set(monitors.map(({ id }) => id));
  const isTold = await toldWithServer(seenObjects(database.kysely, caller.accountId));
  const told = monitors.filter(({ id: monitorId, status, measured }) =>
    isTold({
      monitorId,
      status: ASSIGNMENT_STATUSES[status],
      isChecked: measured !== undefined,
    }),
  );
  return new Set(told.map(({ id }) => id));
}

type NameOf = LoadedServer["nameOf"];

function nameAmong(told: ReadonlySet<bigint>, { nameOf }: LoadedServer): NameOf {
  return (monitorId) => (told.has(monitorId) ? nameOf(monitorId) : "another monitor");
}

interface Simulation {
  readonly server: LoadedServer;
  readonly plan: ReviewPlan;
  readonly policy: SelectionPolicy;
}

async function simulate(
  context: ServerContext,
  serverId: bigint,
  policyJson: string,
): Promise<Simulation> {
  const { database, clock } = context;
  const { rows } = await sql<{ readonly config: unknown; readonly now_ms: number }>`
    select coalesce(r.config, '{}') as config, extract(epoch from now())::float8 * 1000 as now_ms
    from servers s left join servers_monitor_review r on r.server_id = s.id
    where s.id = ${serverId}`.execute(database.kysely);
  const [row] = rows;
  const probe = await probePolicyFor(database, context.policy, false);
  const policies = { probe, labProbe: context.policy.labProbe };
  const server = (await loadSnapshots(database.kysely, [serverId], policies)).get(serverId);
  if (row === undefined || server === undefined) {
    throw new AppError("not_found", `there is no server with the id ${serverId} that has monitors`);
  }
  const own = policyOf(
    { server_id: serverId, config: row.config },
    server,
    await fleetPolicy(context),
  );
  const policy = changedPolicy(own, parsedPolicy(policyJson), "policy_json");
  const monotonicMs = (): number => Number(clock.monotonicNs()) / 1e6;
  return { server, plan: planReview(server.snapshot, policy, row.now_ms, { monotonicMs }), policy };
}

function parsedPolicy(text: string): unknown {
  if (text === "") return {};
  if (text.length > POLICY_CHARACTERS_MAX) {
    throw new AppError(
      "limit_exceeded",
      `policy_json has ${text.length} characters: at most ${POLICY_CHARACTERS_MAX}`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AppError(
      "bad_request",
      'policy_json is no JSON: expected such as {"accountLimit": 3}',
      {
        cause: error,
      },
    );
  }
}

function changeMessage(change: Change, nameOf: NameOf): adminV1.AssignmentChange {
  const { monitorId, from, to, reason } = change;
  return create(adminV1.AssignmentChangeSchema, {
    monitorId,
    monitorName: nameOf(monitorId),
    from: ASSIGNMENT_STATUSES[from],
    to: ASSIGNMENT_STATUSES[to],
    reason,
    reasonText: CHANGE_REASON_TEXTS[reason],
  });
}

function explanationMessage(
  explanation: MonitorExplanation,
  nameOf: NameOf,
): adminV1.AssignmentExplanation {
  const { monitorId, status, target, hold, costPoints } = explanation;
  return create(adminV1.AssignmentExplanationSchema, {
    monitorId,
    monitorName: nameOf(monitorId),
    status: ASSIGNMENT_STATUSES[status],
    target: ASSIGNMENT_STATUSES[target],
    hold,
    costPoints,
    text: explanationText(explanation, nameOf),
  });
}

const SLACK_TEXTS: Readonly<Record<Slack["kind"], string>> = {
  data_gate: "chosen with fewer results than are asked for",
  network_diversity: "chosen beside another one of its network",
  account_limit: "chosen beyond its account's limit",
  health: "kept although it cannot be used now",
  same_owner: "kept although it is of the server's own account or network",
};

function slackText({ kind, monitorIds }: Slack, nameOf: NameOf): string {
  return `${monitorIds.map(nameOf).join(", ")}: ${SLACK_TEXTS[kind]}`;
}
