// Whether results come in, as the API tells it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { IngestState } from "../ingest/ingest-state.ts";
import type { Ingest } from "../ingest/read-ingest.ts";
import { durationFromMs, optionalTimestamp } from "./admin-message.ts";

const STATES: Readonly<Record<IngestState, adminV1.IngestState>> = {
  flowing: adminV1.IngestState.FLOWING,
  idle: adminV1.IngestState.IDLE,
  stalled: adminV1.IngestState.STALLED,
  silent: adminV1.IngestState.SILENT,
};

export function ingestMessage(ingest: Ingest): adminV1.Ingest {
  return create(adminV1.IngestSchema, {
    state: STATES[ingest.state],
    ...optionalTimestamp("lastReceivedAt", ingest.receivedAt),
    ...optionalTimestamp("lastStoredAt", ingest.storedAt),
    silentAfter: durationFromMs(ingest.silentAfterMs),
    expected: ingest.isExpected,
  });
}
