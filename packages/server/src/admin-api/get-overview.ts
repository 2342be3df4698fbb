// GetOverview: the overview page.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { timestamptzFromNs } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import type { ActingContext } from "../people/caller.ts";
import { durationFromNs, timestampFromNs } from "./admin-message.ts";
import { eventMessages } from "./event-messages.ts";
import { monitorMessages } from "./monitor-messages.ts";
import { overviewSentence } from "./overview-sentence.ts";
import { serverMessages } from "./server-messages.ts";

const EVENTS_MAX = 50;
const DAY_NS = 86_400_000_000_000n;

export interface OverviewParts {
  readonly servers: readonly adminV1.Server[];
  readonly events: readonly adminV1.Event[];
  readonly monitors: readonly adminV1.Monitor[];
}

export async function getOverview(context: ActingContext): Promise<adminV1.GetOverviewResponse> {
  const { kysely } = context.database;
  const nowNs = context.clock.nowNs();
  const [servers, events, monitors] = await Promise.all([
    serverMessages(context),
    eventMessages(kysely, {
      accountId: context.caller?.accountId,
      from: timestamptzFromNs(nowNs - DAY_NS),
      limit: EVENTS_MAX,
    }),
    monitorMessages(kysely, context.policy.offsetLimitNs),
  ]);
  return overviewAnswer(context, { servers, events, monitors });
}

/** What is told of these, whoever may see no others. */
export function overviewAnswer(
  context: Pick<ServerContext, "clock" | "policy">,
  { servers, events, monitors }: OverviewParts,
): adminV1.GetOverviewResponse {
  const nowNs = context.clock.nowNs();
  const count = (verdict: adminV1.Verdict): number =>
    servers.filter(
      (server) => server.state === adminV1.ServerState.WATCHED && server.verdict === verdict,
    ).length;
  return create(adminV1.GetOverviewResponseSchema, {
    sentence: overviewSentence(servers, nowNs, {
      monitors,
      offsetLimitNs: context.policy.offsetLimitNs,
    }),
    truechimers: count(adminV1.Verdict.TRUECHIMER),
    falsetickers: count(adminV1.Verdict.FALSETICKER),
    unreachable: count(adminV1.Verdict.UNREACHABLE),
    unsure: count(adminV1.Verdict.UNSURE),
    servers: [...servers],
    events: [...events],
    monitors: [...monitors],
    lab: servers.some(({ lab }) => lab),
    offsetLimit: durationFromNs(context.policy.offsetLimitNs),
    serverTime: timestampFromNs(nowNs),
    empty: servers.length === 0,
  });
}
