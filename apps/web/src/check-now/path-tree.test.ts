import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lanesOf, layOutPaths } from "./path-lanes.ts";
import { buildPathTree, type PathNode, pathSentence } from "./path-tree.ts";

const SERVER = "203.0.113.9";

/** "a b * c" is a path of four hops, the third of them silent; a slash gives a hop two addresses. */
function trace(monitorId: number, hops: string, reason = ""): adminV1.CheckNowAnswer {
  return create(adminV1.CheckNowAnswerSchema, {
    monitorId: BigInt(monitorId),
    monitorName: `m${monitorId}`,
    reason,
    hops: hops
      .split(" ")
      .filter((hop) => hop !== "")
      .map((hop, index) => ({
        hopLimit: index + 1,
        answers:
          hop === "*"
            ? []
            : hop.split("/").map((address, turn) => ({
                address: address === "server" ? SERVER : address,
                rttNs: BigInt((index + 1) * 1_000 + turn),
              })),
      })),
  });
}

/** The rows as text, one a line: lane, kind, what it is. */
function drawn(...traces: readonly adminV1.CheckNowAnswer[]): readonly string[] {
  return layOutPaths(buildPathTree(traces, SERVER).root).map(
    ({ lane, into, node, meets }) =>
      `${"| ".repeat(lane)}${node.kind === "hop" || node.kind === "monitor" ? node.text : node.kind}${into !== undefined && into < lane ? " joins" : ""}${meets > 1 ? ` ${meets} meet` : ""}`,
  );
}

test("what two paths share is one line, and where they part is where they meet", () => {
  expect(
    drawn(trace(1, "a x y server"), trace(2, "b x y server"), trace(3, "c z y server")),
  ).toEqual([
    "m1",
    "a",
    "| m2",
    "| b joins",
    "x 2 meet",
    "| m3",
    "| c",
    "| z joins",
    "y 2 meet",
    "server",
  ]);
});

test("silent neighbours are one row, and two silences are one only where what precedes them is", () => {
  expect(drawn(trace(1, "a * * y server"))).toEqual(["m1", "a", "silent", "y", "server"]);
  expect(
    drawn(trace(1, "a * y server"), trace(2, "b * y server")).filter((row) => /silent/.test(row)),
  ).toHaveLength(2);
  expect(
    drawn(trace(1, "q a * y server"), trace(2, "r a * y server")).filter((row) =>
      /silent/.test(row),
    ),
  ).toHaveLength(1);
});

test("a path that does not reach the server stops where the last hop answered", () => {
  const tree = buildPathTree([trace(1, "a b * * * *"), trace(2, "c server")], SERVER);
  expect([tree.reached, tree.paths]).toEqual([1, 2]);
  expect(drawn(trace(1, "a b * * * *"))).toEqual(["m1", "a", "b", "stopped", "server"]);
  expect(pathSentence(tree)).toBe("1 of 2 paths reach the server.");
});

test("a monitor without any hop is told with its reason", () => {
  const tree = buildPathTree([trace(1, "* *", "permission_denied"), trace(2, "a server")], SERVER);
  expect(tree.without).toEqual([{ monitorName: "m1", reason: "permission_denied" }]);
  expect(tree.paths).toBe(1);
});

test("a hop with two addresses is known by the quicker one and keeps the other", () => {
  const [, hop] = layOutPaths(buildPathTree([trace(1, "a/b server")], SERVER).root);
  expect(hop?.node.text).toBe("a");
  expect([...(hop?.node.others ?? [])]).toEqual(["b"]);
});

test("the sentence names what all paths come in through", () => {
  const through = buildPathTree([trace(1, "a x y server"), trace(2, "b x y server")], SERVER);
  expect(pathSentence(through)).toBe("2 of 2 paths reach the server; all come in through x.");
  const apart = buildPathTree([trace(1, "a server"), trace(2, "b server")], SERVER);
  expect(pathSentence(apart)).toBe("2 of 2 paths reach the server, by 2 different last hops.");
  expect(pathSentence(buildPathTree([], SERVER))).toBe("No path is known yet.");
});

test("every hop of every path is drawn, each line leads into a row below, and lanes never cross a mark", () => {
  const hop = fc.constantFrom("a", "b", "c", "d", "*");
  const paths = fc.array(fc.tuple(fc.array(hop, { minLength: 1, maxLength: 6 }), fc.boolean()), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(paths, (given) => {
      const traces = given.map(([hops, reaches], index) =>
        trace(index + 1, [...hops, ...(reaches ? ["server"] : [])].join(" ")),
      );
      const tree = buildPathTree(traces, SERVER);
      const rows = layOutPaths(tree.root);
      expect(rows.at(-1)?.node).toBe(tree.root);
      expect(rows.filter(({ node }) => node.kind === "monitor")).toHaveLength(tree.paths);
      expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
      for (const [index, row] of rows.entries()) {
        expect(row.passing.every(({ lane }) => lane < row.lane)).toBe(true);
        expect(row.lane).toBeLessThan(lanesOf(rows));
        if (row.into === undefined) continue;
        const parent = rows.slice(index + 1).find(({ node }) => holds(node, row.node));
        expect(parent?.lane).toBe(row.into);
      }
    }),
  );
});

function holds(parent: PathNode, child: PathNode): boolean {
  return [...parent.children.values()].includes(child);
}
