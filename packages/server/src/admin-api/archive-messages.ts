// The archives, as the API tells of them.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Schema } from "@truechimer/database";
import type { Kysely } from "kysely";
import { type ArchiveLag, archiveLags } from "../archive/archive-lag.ts";
import { optionalTimestamp } from "./admin-message.ts";
import { durationFromSeconds } from "./scorer-messages.ts";

export async function listArchives(database: Kysely<Schema>): Promise<readonly adminV1.Archive[]> {
  return (await archiveLags(database)).map(archiveMessage);
}

function archiveMessage(lag: ArchiveLag): adminV1.Archive {
  return create(adminV1.ArchiveSchema, {
    kind: lag.kind,
    target: lag.target,
    resultsWaiting: lag.results,
    traceroutesWaiting: lag.traceroutes,
    eventsWaiting: lag.events,
    lag: durationFromSeconds(lag.seconds),
    ...optionalTimestamp("olderFrom", lag.olderFrom),
    ...optionalTimestamp("olderTo", lag.olderTo),
    resultsSent: lag.resultsSent,
    traceroutesSent: lag.traceroutesSent,
    eventsSent: lag.eventsSent,
    ...optionalTimestamp("sentAt", lag.sentAt),
    ...optionalTimestamp("failingSince", lag.failingSince),
    lastError: lag.lastError,
    ...optionalTimestamp("lostBefore", lag.lostBefore),
  });
}
