import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { archiveNotes, errorCodeOf } from "./archive-words.ts";

const GOOD = { lastError: "", traceroutesWaiting: 0n, eventsWaiting: 0n } as const;

test("an archive that has everything needs no words", () => {
  expect(archiveNotes(GOOD)).toEqual([]);
});

test("what it lacks is said with its days", () => {
  const from = timestampFromMs(Date.parse("2026-03-01T23:59:59Z"));
  const to = timestampFromMs(Date.parse("2026-03-05T00:00:00Z"));
  expect(
    archiveNotes({
      lastError: "peer_unreachable: ClickHouse at http://127.0.0.1:8123/default does not answer",
      olderFrom: from,
      olderTo: to,
      traceroutesWaiting: 2n,
      eventsWaiting: 0n,
      lostBefore: from,
    }),
  ).toEqual([
    "ClickHouse at http://127.0.0.1:8123/default does not answer.",
    "Older results are still to be sent: 2026-03-01 to 2026-03-05.",
    "2 paths wait.",
    "Results before 2026-03-01 were dropped by retention before it had all of them.",
  ]);
  expect(archiveNotes({ ...GOOD, traceroutesWaiting: 1n })).toEqual(["1 path waits."]);
  expect(archiveNotes({ ...GOOD, eventsWaiting: 3n })).toEqual(["3 events wait."]);
});

test("an error without words is its code alone", () => {
  expect(errorCodeOf("internal")).toBe("internal");
  expect(archiveNotes({ ...GOOD, lastError: "internal" })).toEqual([]);
  expect(errorCodeOf("archive_refused: no: more")).toBe("archive_refused");
});
