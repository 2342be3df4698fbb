import { describe, expect, test } from "vitest";
import { parseTraceparent } from "./traceparent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

test("trace id, span id and flags are taken", () => {
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    traceFlags: 1,
  });
});

test("a later version may carry more", () => {
  expect(parseTraceparent(`01-${TRACE}-${SPAN}-00-extra`)?.traceId).toBe(TRACE);
});

describe("anything else counts as none", () => {
  test.each([
    { name: "empty", header: "" },
    { name: "upper case", header: `00-${TRACE.toUpperCase()}-${SPAN}-01` },
    { name: "too short", header: `00-${TRACE.slice(1)}-${SPAN}-01` },
    { name: "version 255", header: `ff-${TRACE}-${SPAN}-01` },
    { name: "version 0 with more", header: `00-${TRACE}-${SPAN}-01-x` },
    { name: "trace of zeroes", header: `00-${"0".repeat(32)}-${SPAN}-01` },
    { name: "span of zeroes", header: `00-${TRACE}-${"0".repeat(16)}-01` },
  ])("$name", ({ header }) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});
