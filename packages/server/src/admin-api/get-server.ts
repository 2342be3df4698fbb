// GetServer: one server, and how each of its monitors sees it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { durationFromNs } from "./admin-message.ts";
import { assignmentMessages } from "./assignment-messages.ts";
import { eventMessages } from "./event-messages.ts";
import { faultMessages } from "./fault-messages.ts";
import { serverMessages } from "./server-messages.ts";

const EVENTS_MAX = 50;

export async function getServer(
  context: ServerContext,
  { id }: adminV1.GetServerRequest,
): Promise<adminV1.GetServerResponse> {
  const [server] = await serverMessages(context, { ids: [id] });
  if (server === undefined) throw new AppError("not_found", `there is no server with the id ${id}`);
  const [assignments, events, faults] = await Promise.all([
    assignmentMessages(context, { serverId: id }),
    eventMessages(context.database.kysely, { serverId: id, limit: EVENTS_MAX }),
    faultMessages(context.database.kysely, id),
  ]);
  return create(adminV1.GetServerResponseSchema, {
    server,
    assignments: assignments.map(({ assignment }) => assignment),
    events,
    faults,
    offsetLimit: durationFromNs(context.policy.offsetLimitNs),
  });
}
