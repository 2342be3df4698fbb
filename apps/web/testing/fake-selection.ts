// Reviews and coverage of the pretended lab: the first seven monitors of the list are active, the others test.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";

const { AssignmentStatus } = adminV1;
const FRESH_ACTIVE_MIN = 3;
const FRESH_ACTIVE_TOLD_MAX = 7;
const REVIEW_PERIOD_MS = 20 * 60_000;

/** A server with its assignments as they are on the wire. */
export interface ReviewedServer {
  readonly id: bigint;
  readonly name: string;
  readonly assignments: readonly MessageInitShape<typeof adminV1.AssignmentSchema>[];
}

/** A limit below the number of active monitors makes the last ones leave; any other key is refused. */
export function fakeReview(
  { id, name, assignments }: ReviewedServer,
  policyJson: string,
): adminV1.SimulateReviewResponse {
  const target = activeTarget(policyJson);
  const active = assignments.filter(({ status }) => status === AssignmentStatus.ACTIVE);
  const leaving = active.slice(target);
  return create(adminV1.SimulateReviewResponseSchema, {
    serverId: id,
    serverName: name,
    policy: "private",
    changes: leaving.map(({ monitorId = 0n, monitorName = "" }) => ({
      monitorId,
      monitorName,
      from: AssignmentStatus.ACTIVE,
      to: AssignmentStatus.TESTING,
      reason: "excess_active",
      reasonText: "more are active than are wanted",
    })),
    slack:
      active.length < target ? [] : ["amsterdam: chosen with fewer results than are asked for"],
    explanations: assignments.map(
      ({ monitorId = 0n, monitorName = "", status = AssignmentStatus.TESTING }, index) => {
        const stays =
          status === AssignmentStatus.ACTIVE &&
          active.findIndex((each) => each.monitorId === monitorId) < target;
        return {
          monitorId,
          monitorName,
          status,
          target: stays ? AssignmentStatus.ACTIVE : AssignmentStatus.TESTING,
          hold: stays ? "chosen" : "outranked",
          costPoints: 2 + index * 1.5,
          text: stays
            ? "is one of the best for this server"
            : "is outranked by oslo; 4.5 points better, and it would be active",
        };
      },
    ),
    usableBefore: active.length,
    usableAfter: Math.min(active.length, target),
    activeAfter: Math.min(active.length, target),
    shortage: "",
    proven: true,
  });
}

function activeTarget(policyJson: string): number {
  if (policyJson === "") return 7;
  try {
    const policy = JSON.parse(policyJson) as Readonly<Record<string, unknown>>;
    const [[key, value] = ["activeTarget", 7]] = Object.entries(policy);
    if (key === "activeTarget" && typeof value === "number") return value;
    throw appError(
      Code.InvalidArgument,
      "bad_request",
      `policy_json: ${key} is ${JSON.stringify(value)}, expected one of activeTarget`,
    );
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw appError(
      Code.InvalidArgument,
      "bad_request",
      'policy_json is no JSON: expected such as {"accountLimit": 3}',
    );
  }
}

export function fakeCoverage(
  servers: readonly ReviewedServer[],
  nowMs: number,
): MessageInitShape<typeof adminV1.GetCoverageResponseSchema> {
  const counted = servers.map((server) => {
    const active = server.assignments.filter(({ status }) => status === AssignmentStatus.ACTIVE);
    return { server, active: active.length, fresh: active.filter(({ fresh }) => fresh).length };
  });
  const gaps = counted.filter(({ fresh }) => fresh < FRESH_ACTIVE_MIN);
  const total = counted.reduce((sum, { active }) => sum + active, 0);
  return {
    servers: servers.length,
    freshActiveMin: FRESH_ACTIVE_MIN,
    serversByFreshActive: Array.from(
      { length: FRESH_ACTIVE_TOLD_MAX + 1 },
      (_unused, at) =>
        counted.filter(({ fresh }) => Math.min(fresh, FRESH_ACTIVE_TOLD_MAX) === at).length,
    ),
    reasons:
      gaps.length === 0
        ? []
        : [
            {
              reason: "silent",
              text: "its monitors have stopped sending results",
              servers: gaps.length,
            },
          ],
    gaps: gaps.map(({ server, active, fresh }) => ({
      serverId: server.id,
      serverName: server.name,
      freshActive: fresh,
      active,
      reason: "silent",
      lastReviewAt: timestampFromMs(nowMs - REVIEW_PERIOD_MS / 2),
      nextReviewAt: timestampFromMs(nowMs + REVIEW_PERIOD_MS / 2),
    })),
    accounts: [{ account: "default", monitors: 12, active: total, share: total === 0 ? 0 : 1 }],
  };
}
