// CheckNow: monitors that are there now look at a server, and each answer is told as it comes.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError, parseIpAddress } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { withEdgeErrors } from "../http/stream-errors.ts";
import type { NetworkTable } from "../networks/networks.ts";
import type { OnDemand } from "../on-demand/on-demand.ts";
import type { Question, QuestionAnswer, QuestionEvent } from "../on-demand/question.ts";
import { offsetMessage, optionalField, timestampFrom, timestampFromNs } from "./admin-message.ts";
import { hopMessages } from "./hop-messages.ts";
import { monitorMessages } from "./monitor-messages.ts";
import { resolveTarget } from "./resolve-target.ts";

type CheckNowEvent = MessageInitShape<typeof adminV1.CheckNowResponseSchema>;

export interface CheckNowParts {
  readonly context: ServerContext;
  readonly onDemand: OnDemand;
}

const MONITORS_DEFAULT = 10;
const MONITORS_MAX = 50;

export async function* checkNow(
  { context, onDemand }: CheckNowParts,
  request: adminV1.CheckNowRequest,
  signal: AbortSignal,
): AsyncGenerator<CheckNowEvent, void> {
  const events = async function* (): ReturnType<typeof checkNow> {
    const question = await questionOf(context, request, signal);
    for await (const event of onDemand.ask(question, signal)) {
      yield await eventMessage(context, event);
    }
  };
  yield* withEdgeErrors(context, "CheckNow", events());
}

async function questionOf(
  context: ServerContext,
  request: adminV1.CheckNowRequest,
  signal: AbortSignal,
): Promise<Question> {
  const { serverId, target, monitorsMax } = request;
  if (monitorsMax > MONITORS_MAX) {
    throw new AppError(
      "bad_request",
      `monitors_max ${monitorsMax} is more than ${MONITORS_MAX}: ask fewer`,
    );
  }
  if ((serverId === 0n) === (target === "")) {
    throw new AppError("bad_request", "give either server_id or target");
  }
  const common = {
    kind: request.kind === adminV1.OnDemandKind.TRACEROUTE ? "traceroute" : "ntp",
    monitorsMax: monitorsMax === 0 ? MONITORS_DEFAULT : monitorsMax,
  } as const;
  return serverId === 0n
    ? { ...common, ...(await targetAt(context, target, signal)) }
    : { ...common, ...(await watchedServer(context, serverId)) };
}

type QuestionTarget = Pick<Question, "address" | "port" | "serverId" | "lab">;

async function watchedServer(
  { database }: ServerContext,
  serverId: bigint,
): Promise<QuestionTarget> {
  const row = await database.kysely
    .selectFrom("servers")
    .select(["ip", "port", "lab", "state"])
    .where("id", "=", serverId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not_found", `there is no server ${serverId}`);
  if (row.state === "removed") {
    throw new AppError("bad_request", `server ${serverId} was removed: restore it first`);
  }
  const address = parseIpAddress(row.ip);
  if (!address.ok) throw new AppError("internal", `server ${serverId} has no usable address`);
  return { address: address.value, port: row.port, serverId, lab: row.lab };
}

/** The first address of a name. One that is under watch is asked about as that server. */
async function targetAt(
  context: ServerContext,
  target: string,
  signal: AbortSignal,
): Promise<QuestionTarget> {
  const resolved = await resolveTarget(context, target, signal);
  if (!resolved.ok) throw new AppError(resolved.error.code, resolved.error.message);
  const [first] = resolved.value;
  if (first === undefined) throw new AppError("name_unresolved", `"${target}" has no address`);
  const { address, port } = first;
  const known = await context.database.kysely
    .selectFrom("servers")
    .select(["id", "lab"])
    .where("ip", "=", address.text)
    .where("port", "=", port)
    .where("state", "<>", "removed")
    .executeTakeFirst();
  return { address, port, serverId: known?.id, lab: known?.lab ?? false };
}

async function eventMessage(context: ServerContext, event: QuestionEvent): Promise<CheckNowEvent> {
  switch (event.kind) {
    case "asked": {
      const { requestId, monitorIds, expiresAtNs } = event;
      const all = await monitorMessages(context.database.kysely, context.policy.offsetLimitNs);
      const monitors = all.filter(({ id }) => monitorIds.includes(id));
      const expiresAt = timestampFromNs(expiresAtNs);
      return { event: { case: "asked", value: { requestId, monitors, expiresAt } } };
    }
    case "answer":
      return {
        event: {
          case: "answer",
          value: answerMessage(event.answer, await context.networks.table()),
        },
      };
    case "ended":
      return { event: { case: "ended", value: { asked: event.asked, answered: event.answered } } };
  }
}

function answerMessage(answer: QuestionAnswer, networks: NetworkTable): adminV1.CheckNowAnswer {
  return create(adminV1.CheckNowAnswerSchema, {
    monitorId: answer.monitorId,
    monitorName: answer.monitorName,
    reason: answer.reason,
    ...offsetMessage(answer.offsetNs, answer.boundNs),
    ...optionalField("rttNs", answer.rttNs),
    ...optionalField("stratum", answer.stratum),
    ...optionalField("leap", answer.leap),
    hops: hopMessages(answer.hops, networks),
    answeredAt: timestampFrom(answer.answeredAt),
  });
}
