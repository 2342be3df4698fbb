import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { aroundName, groupEvents } from "./event-groups.ts";

function event(id: number, kind: string, atMs: number, text = ""): adminV1.Event {
  return create(adminV1.EventSchema, {
    id: BigInt(id),
    kind,
    at: timestampFromMs(atMs),
    monitorName: `m${id}`,
    text,
  });
}

test("a burst of one kind is one group, what is alone stays alone", () => {
  const groups = groupEvents([
    event(6, "monitor_online", 60_000),
    event(5, "monitor_online", 59_000),
    event(4, "monitor_online", 51_000),
    event(3, "monitor_online", 49_000),
    event(2, "server_added", 48_000),
    event(1, "server_added", 47_000),
  ]);
  expect(groups.map((group) => group.events.length)).toEqual([3, 1, 1, 1]);
});

test("bad news is never joined, good news may be", () => {
  const changes = (verdictAfter: adminV1.Verdict): adminV1.Event[] =>
    [3, 2, 1].map((id) => ({ ...event(id, "verdict_changed", 1_000), verdictAfter }));
  expect(groupEvents(changes(adminV1.Verdict.FALSETICKER))).toHaveLength(3);
  expect(groupEvents(changes(adminV1.Verdict.TRUECHIMER))).toHaveLength(1);
});

test("the name is found in the sentence, wherever it stands", () => {
  expect(aroundName(event(1, "x", 0, "monitor m1 is online"))).toEqual(["monitor ", " is online"]);
  expect(aroundName(event(1, "x", 0, "is online"))).toEqual(["", " is online"]);
});
