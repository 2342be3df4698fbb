import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { isWithinBound, watchedRows, watchedSummary } from "./watched-rows.ts";

function row(serverName: string, differenceNs?: bigint, boundNs?: bigint): adminV1.AgentAssignment {
  return create(adminV1.AgentAssignmentSchema, {
    serverId: 7n,
    serverName,
    ...(differenceNs === undefined ? {} : { offsetFromOthersNs: differenceNs }),
    assignment: { offset: { valueNs: 0n, ...(boundNs === undefined ? {} : { boundNs }) } },
  });
}

/** The fleet is sure of the server within 10 ns. */
const FLEET = new Map([[7n, 10n]]);

test("those that stand apart come first, those without a comparison last", () => {
  const rows = [row("b"), row("near", 5n), row("far", -900n), row("a")];
  expect(watchedRows(rows).map(({ serverName }) => serverName)).toEqual(["far", "near", "a", "b"]);
});

test("a difference within both bounds contradicts nobody; without one of them nothing is claimed", () => {
  expect(isWithinBound(row("x", -110n, 100n), FLEET)).toBe(true);
  expect(isWithinBound(row("x", 111n, 100n), FLEET)).toBe(false);
  expect(isWithinBound(row("x", 101n), FLEET)).toBeUndefined();
  expect(isWithinBound(row("x", undefined, 100n), FLEET)).toBeUndefined();
  expect(isWithinBound(row("x", 1n, 100n), new Map())).toBeUndefined();
});

test("the summary counts what can be compared", () => {
  const plain = (rows: readonly adminV1.AgentAssignment[]): string =>
    watchedSummary(rows, FLEET).replaceAll("\u00a0", " ");
  expect(plain([row("a")])).toBe("It watches 1 server; none of them is seen by others, too.");
  expect(plain([row("a", 1n, 2n), row("b", 13n, 2n), row("c")])).toContain(
    "of 2 that others see, too, 1 lie within",
  );
  expect(plain([row("a", 1n, 2n)])).toContain("all lie within");
});
