import { expect, test } from "vitest";
import { parseTargets } from "./targets.ts";

test("one server a line; blanks, comments and doubles do not count", () => {
  const typed =
    "ntp1.example\n\n  192.0.2.1:1123  # rack 4\nntp1.example, [2001:db8::1]:123\n# all";
  expect(parseTargets(typed)).toEqual(["ntp1.example", "192.0.2.1:1123", "[2001:db8::1]:123"]);
});

test("lines of a chrony.conf can be pasted as they are", () => {
  expect(parseTargets("server ntp1.example iburst\npool pool.example maxsources 4")).toEqual([
    "ntp1.example",
    "pool.example",
  ]);
});
