import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { ingestNoteText } from "./ingest-note.ts";

const NOW_MS = 1_800_000_000_000;
const { IngestState } = adminV1;

function ingest(parts: MessageInitShape<typeof adminV1.IngestSchema>): adminV1.Ingest {
  return create(adminV1.IngestSchema, {
    lastReceivedAt: timestampFromMs(NOW_MS - 4_000),
    lastStoredAt: timestampFromMs(NOW_MS - 300_000),
    ...parts,
  });
}

test("results that come in, or that nobody is to send, are no news", () => {
  for (const state of [IngestState.FLOWING, IngestState.IDLE, IngestState.UNSPECIFIED]) {
    expect(ingestNoteText(ingest({ state }), NOW_MS)).toBe("");
  }
  expect(ingestNoteText(undefined, NOW_MS)).toBe("");
});

test("results that are not stored are told with the time since the last one", () => {
  expect(ingestNoteText(ingest({ state: IngestState.STALLED }), NOW_MS)).toMatch(
    /^No result has been stored for 5.min, although agents are heard of/,
  );
});

test("a fleet that is silent is told with both clocks, also where one never ran", () => {
  expect(ingestNoteText(ingest({ state: IngestState.SILENT }), NOW_MS)).toMatch(
    /^No agent has been heard of for 4.s, and no result was stored for 5.min/,
  );
  const never = create(adminV1.IngestSchema, { state: IngestState.SILENT });
  expect(ingestNoteText(never, NOW_MS)).toContain("for a long time");
});
