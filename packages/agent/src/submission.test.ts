import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { encodeStatus, encodeSubmissionMessage, storedSubmission } from "./submission.ts";

function statuses(count: number): readonly monitorV2.ServerStatus[] {
  return Array.from({ length: count }, (_, index) =>
    create(monitorV2.ServerStatusSchema, {
      ticket: Uint8Array.of(1, 2, index),
      ipBytes: Uint8Array.of(192, 0, 2, index),
      reason: index % 2 === 0 ? "" : "timeout",
      responses: [{ data: new Uint8Array(48).fill(index), sourcePort: index }],
    }),
  );
}

describe("a stored submission", () => {
  test.each([0, 1, 100])("with %i results goes on its way as it was written", (count) => {
    const bytes = encodeSubmissionMessage({
      submissionId: createUlid(systemClock, systemRandom),
      monId: "192.0.2.1",
      batchId: new TextEncoder().encode(createUlid(systemClock, systemRandom)),
      statuses: statuses(count).map(encodeStatus),
    });
    const sent = toBinary(monitorV2.SubmitResultsRequestSchema, storedSubmission(bytes));
    expect(fromBinary(monitorV2.SubmitResultsRequestSchema, sent)).toEqual(
      fromBinary(monitorV2.SubmitResultsRequestSchema, bytes),
    );
    expect(fromBinary(monitorV2.SubmitResultsRequestSchema, sent).list).toEqual(statuses(count));
  });
});
