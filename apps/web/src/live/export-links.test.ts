import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { exportQuery } from "./export-links.tsx";

const END = Date.parse("2026-11-28T14:00:00.250Z");
const checkAt = (atMs: number): adminV1.ListedCheck =>
  create(adminV1.ListedCheckSchema, { check: { at: timestampFromMs(atMs) } });

test("an export has the range of the picture, and the older rows that are shown with it", () => {
  const shown = { filter: "", checks: [checkAt(END - 1_000)], endMs: END, isLive: false };
  expect(exportQuery(shown)).toBe(
    "from=2026-11-28T13%3A55%3A00.250Z&to=2026-11-28T14%3A00%3A00.251Z",
  );
  const rare = { ...shown, checks: [checkAt(END), checkAt(END - 3_600_000)] };
  expect(exportQuery(rare)).toContain("from=2026-11-28T13%3A00%3A00.250Z");
});

test("live, it has no end, and the filter goes along", () => {
  const query = exportQuery({ filter: "offset>5ms & x", checks: [], endMs: END, isLive: true });
  expect(new URLSearchParams(query).get("filter")).toBe("offset>5ms & x");
  expect(new URLSearchParams(query).has("to")).toBe(false);
});
