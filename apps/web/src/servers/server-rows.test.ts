import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import { serverFacts } from "../parts/server-facts.ts";
import { parseSort, shownServers, sortText } from "./server-rows.ts";

const { Verdict, ServerState } = adminV1;

function server(
  id: bigint,
  name: string,
  patch: MessageInitShape<typeof adminV1.ServerSchema> = {},
): ReturnType<typeof serverFacts> {
  return serverFacts(
    create(adminV1.ServerSchema, {
      id,
      name,
      address: `192.0.2.${id}`,
      port: 123,
      state: ServerState.WATCHED,
      verdict: Verdict.TRUECHIMER,
      ...patch,
    }),
  );
}

const offset = (ms: number): adminV1.Offset =>
  create(adminV1.OffsetSchema, { valueNs: BigInt(ms * 1e6) });
const SERVERS = [
  server(1n, "ntp10", { offset: offset(-40), score: -12, verdict: Verdict.FALSETICKER }),
  server(2n, "ntp2", { offset: offset(2), score: 20, referenceId: "GPS" }),
  server(3n, "silent", { verdict: Verdict.UNREACHABLE }),
  server(4n, "gone", { state: ServerState.REMOVED }),
];

function names(search: Record<string, string>): readonly string[] {
  return shownServers(SERVERS, search).map((one) => one.name);
}

test("by default the urgent ones lead and removed ones are hidden", () => {
  expect(names({})).toEqual(["ntp10", "silent", "ntp2"]);
  expect(names({ state: "removed" })).toEqual(["gone"]);
  expect(names({ state: "all" })).toHaveLength(4);
});

test("offsets sort by size, and what has none comes last in both directions", () => {
  expect(names({ sort: "offset" })).toEqual(["ntp2", "ntp10", "silent"]);
  expect(names({ sort: "-offset" })).toEqual(["ntp10", "ntp2", "silent"]);
});

test("names sort as people count", () => {
  expect(names({ sort: "name" })).toEqual(["ntp2", "ntp10", "silent"]);
});

test("verdicts filter as a list", () => {
  expect(names({ verdict: "unreachable,truechimer" })).toEqual(["silent", "ntp2"]);
});

describe("the sort in the address", () => {
  test("survives being read and written", () => {
    expect(sortText(parseSort("-score"))).toBe("-score");
    expect(sortText(parseSort("name"))).toBe("name");
  });
  test("is left out when it is the default, or makes no sense", () => {
    expect(sortText(parseSort(undefined))).toBeUndefined();
    expect(sortText(parseSort("nonsense"))).toBeUndefined();
  });
});
