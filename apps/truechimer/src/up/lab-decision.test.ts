import { describe, expect, test } from "vitest";
import { decideLab, type LabQuestion } from "./lab-decision.ts";

const NOTHING_YET: LabQuestion = {
  mode: "auto",
  state: "new",
  serversConfigured: 0,
  serversWatched: 0,
  serversKept: 0,
};

describe("the lab runs for who has no servers, and goes on until it is sent away", () => {
  test.each([
    { name: "a first start without servers", given: {}, run: true },
    { name: "a first start with servers in the file", given: { serversConfigured: 1 }, run: false },
    { name: "servers were added while there was no lab", given: { serversKept: 2 }, run: false },
    { name: "a second start", given: { state: "running" }, run: true },
    {
      name: "a server was added beside it",
      given: { state: "running", serversKept: 1 },
      run: true,
    },
    {
      name: "the file has come to name servers",
      given: { state: "running", serversConfigured: 1, serversWatched: 1 },
      run: false,
    },
    {
      name: "the file names servers, all of them mistyped",
      given: { state: "running", serversConfigured: 2 },
      run: true,
    },
    { name: "it was retired", given: { state: "retired" }, run: false },
    {
      name: "it was retired, and is asked for",
      given: { state: "retired", mode: "on" },
      run: true,
    },
    { name: "it is not wanted", given: { state: "running", mode: "off" }, run: false },
    { name: "it is asked for beside servers", given: { mode: "on", serversKept: 3 }, run: true },
  ] as const)("$name: $run", ({ given, run }) => {
    expect(decideLab({ ...NOTHING_YET, ...given }).run).toBe(run);
  });
});

test("with nothing to watch the text teaches what to do", () => {
  expect(decideLab({ ...NOTHING_YET, state: "retired" }).text).toContain("truechimer servers add");
});
