import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { agentFacts } from "./agent-facts.ts";
import { shownAgents } from "./agent-rows.ts";

const { ACTIVE, PAUSED } = adminV1.MonitorStatus;

function agent(
  name: string,
  more: {
    readonly online?: boolean;
    readonly status?: adminV1.MonitorStatus;
    readonly fromFleetNs?: bigint;
  },
): ReturnType<typeof agentFacts> {
  return agentFacts(
    create(adminV1.AgentSchema, {
      id: name,
      name,
      online: more.online ?? true,
      network: "AS64500 Example",
      monitors: [
        {
          id: 1n,
          address: "192.0.2.1",
          family: adminV1.IpFamily.V4,
          status: more.status ?? ACTIVE,
          ...(more.fromFleetNs === undefined ? {} : { offsetFromFleetNs: more.fromFleetNs }),
        },
      ],
    }),
  );
}

const AGENTS = [
  agent("oslo", { fromFleetNs: -5_000n }),
  agent("bern", { online: false, fromFleetNs: 100n }),
  agent("zurich", { status: PAUSED }),
];

const names = (search: Record<string, string>): readonly string[] =>
  shownAgents(AGENTS, search).map(({ name }) => name);

test("by name unless the address says otherwise; a clock is sorted by its size, an unknown one comes last", () => {
  expect(names({})).toEqual(["bern", "oslo", "zurich"]);
  expect(names({ sort: "clock" })).toEqual(["bern", "oslo", "zurich"]);
  expect(names({ sort: "-clock" })).toEqual(["oslo", "bern", "zurich"]);
  expect(names({ sort: "no-such-column" })).toEqual(["bern", "oslo", "zurich"]);
});

test("filters leave what they name", () => {
  expect(names({ status: "paused,pending" })).toEqual(["zurich"]);
  expect(names({ online: "no" })).toEqual(["bern"]);
});
