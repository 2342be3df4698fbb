// What a person needs to know when results no longer come in. Empty: nothing.

import { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";
import { formatAge } from "../format/relative-time.ts";

const { IngestState } = adminV1;

export function ingestNoteText(ingest: adminV1.Ingest | undefined, nowMs: number): string {
  if (ingest === undefined) return "";
  const stored = sinceText(msOf(ingest.lastStoredAt), nowMs, "more than an hour");
  if (ingest.state === IngestState.STALLED) {
    return `No result has been stored for ${stored}, although agents are heard of: what is shown is old. The control plane's log says why.`;
  }
  if (ingest.state === IngestState.SILENT) {
    const heard = sinceText(msOf(ingest.lastReceivedAt), nowMs, "a long time");
    return `No agent has been heard of for ${heard}, and no result was stored for ${stored}: what is shown is old.`;
  }
  return "";
}

function sinceText(atMs: number | undefined, nowMs: number, never: string): string {
  return atMs === undefined ? never : formatAge(nowMs - atMs);
}

/** For the page of operations. */
export const INGEST_WORDS: Readonly<Record<adminV1.IngestState, string>> = {
  [IngestState.UNSPECIFIED]: "",
  [IngestState.FLOWING]: "come in",
  [IngestState.IDLE]: "none are expected",
  [IngestState.STALLED]: "are not stored",
  [IngestState.SILENT]: "no agent is heard of",
};
