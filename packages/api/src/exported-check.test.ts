import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  EXPORTED_CHECK_COLUMNS,
  exportedCheck,
  exportedFields,
  instantText,
} from "./exported-check.ts";
import { ListedCheckSchema } from "./gen/truechimer/admin/v1/admin_pb.ts";

test("every number is exact, also one that a JSON number does not hold", () => {
  const exported = exportedCheck(
    create(ListedCheckSchema, {
      serverName: "ntp1.example",
      check: {
        id: 2n ** 53n + 1n,
        at: { seconds: 1_772_366_400n, nanos: 250_125_999 },
        serverId: 7n,
        monitorId: 8n,
        monitorName: "zurich",
        offset: { valueNs: -(2n ** 60n), boundNs: 1_500n },
        rttNs: 40_000n,
        stratum: 1,
        leap: 0,
        step: 1,
        score: 19.5,
        hasEvidence: true,
      },
    }),
  );
  expect(exported).toEqual({
    id: "9007199254740993",
    at: "2026-03-01T12:00:00.250125Z",
    server_id: 7,
    server: "ntp1.example",
    monitor_id: 8,
    monitor: "zurich",
    offset_ns: "-1152921504606846976",
    bound_ns: 1_500,
    rtt_ns: 40_000,
    stratum: 1,
    leap: 0,
    reason: "",
    step: 1,
    score: 19.5,
    has_evidence: true,
  });
});

test("what a failed check does not have is null, and empty in a line of CSV", () => {
  const exported = exportedCheck(
    create(ListedCheckSchema, { serverName: "s", check: { id: 1n, reason: "timeout", step: -5 } }),
  );
  expect(exported).toMatchObject({ offset_ns: null, bound_ns: null, rtt_ns: null, stratum: null });
  const fields = exportedFields(exported);
  expect(fields).toHaveLength(EXPORTED_CHECK_COLUMNS.length);
  expect(fields.slice(6, 12)).toEqual(["", "", "", "", "", "timeout"]);
});

test("an offset without a bound has none", () => {
  const check = { id: 1n, offset: { valueNs: 5n } };
  expect(exportedCheck(create(ListedCheckSchema, { check }))).toMatchObject({
    offset_ns: 5,
    bound_ns: null,
  });
});

test("an instant that is not there is empty", () => {
  expect(instantText(undefined)).toBe("");
  expect(instantText({ seconds: 0n, nanos: 999 })).toBe("1970-01-01T00:00:00.000000Z");
});

test("a listed check without a check is our mistake", () => {
  expect(() => exportedCheck(create(ListedCheckSchema))).toThrow(TypeError);
});
