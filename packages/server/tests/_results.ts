// Work and results as an agent would have them.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";

type StatusInit = Exclude<
  MessageInitShape<typeof monitorV2.ServerStatusSchema>,
  monitorV2.ServerStatus
>;

export type MonitorClient = Client<typeof monitorV2.MonitorService>;

export function newSubmissionId(): string {
  return createUlid(systemClock, systemRandom);
}

/** A good result for a server that was handed out. */
export function goodStatus(
  server: monitorV2.Server,
  init: StatusInit = {},
): monitorV2.ServerStatus {
  return create(monitorV2.ServerStatusSchema, {
    ticket: server.ticket,
    ipBytes: server.ipBytes,
    ...(server.port === undefined ? {} : { port: server.port }),
    ts: timestampFromMs(Date.now()),
    offset: { seconds: 0n, nanos: 1_000_000 },
    rtt: { seconds: 0n, nanos: 500_000 },
    errorBound: { seconds: 0n, nanos: 260_000 },
    stratum: 2,
    ...init,
  });
}

/** The code of ours that a refused call carries. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "accepted";
  } catch (error) {
    const refused = ConnectError.from(error);
    return refused.metadata.get("truechimer-error-code") ?? Code[refused.code] ?? "unknown";
  }
}

/** All servers are due for all monitors. */
export async function makeDue(kysely: Kysely<Schema>): Promise<void> {
  await sql`update check_turns set queue_ts = '-infinity'`.execute(kysely);
}
