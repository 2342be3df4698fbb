import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { isLoading, loadNoteText } from "./load-note.ts";

function load(parts: MessageInitShape<typeof adminV1.HistoryLoadSchema>): adminV1.HistoryLoad {
  return create(adminV1.HistoryLoadSchema, {
    state: adminV1.LoadState.FILLING,
    rows: 250_000n,
    rowsExpected: 1_000_000n,
    ...parts,
  });
}

test("while it loads, how far it has come is told; an end as it should be is not", () => {
  expect(loadNoteText(load({}))).toMatch(
    /^The history comes into memory: 250.000 of about 1.000.000 results \(25/,
  );
  for (const state of [adminV1.LoadState.COMPLETE, adminV1.LoadState.COMPLETE_CAPPED]) {
    expect(loadNoteText(load({ state }))).toBe("");
    expect(isLoading(load({ state }))).toBe(false);
  }
  expect(loadNoteText(undefined)).toBe("");
});

test("an end that is none is told with its reason, in every state that the server knows", () => {
  const degraded = { state: adminV1.LoadState.DEGRADED, reason: "windows_missing" };
  expect(loadNoteText(load(degraded))).toContain("windows_missing");
  const failed = { state: adminV1.LoadState.FAILED, errorCode: "database_unreachable" };
  expect(loadNoteText(load(failed))).toContain("database_unreachable");
});
