import { expect, test } from "vitest";
import { causesOfAlerts, type FiringServer } from "./cause.ts";
import { causeOfReach, type Reach, toldIncidentsByCause } from "./reach-cause.ts";

const NAMES = {
  monitor: (id: string): string => (id === "7" ? "zurich" : id),
  server: (id: string): string => (id === "5" ? "ntp1" : id),
};
const reach = (kind: Reach["kind"], from: string, to = ""): Reach => ({ kind, from, to });

test.each([
  [reach("servers", "prefix 192.0.2.0/24"), "network:192.0.2.0/24", "network 192.0.2.0/24"],
  [reach("servers", "AS64500"), "network:AS64500", "network AS64500"],
  [reach("monitor", "7"), "agent:zurich", "agent zurich"],
  [reach("account", "3"), "account:3", "agents of account 3"],
  [reach("network", "prefix 10.0.0.0/24"), "agents:10.0.0.0/24", "agents in 10.0.0.0/24"],
  [reach("part", "192.0.2.1"), "path:192.0.2.1>", "path through 192.0.2.1"],
  [reach("part", "AS1", "5"), "path:AS1>5", "path through AS1 to ntp1"],
  [
    reach("part", "AS1", "prefix 192.0.2.0/24"),
    "path:AS1>192.0.2.0/24",
    "path through AS1 to 192.0.2.0/24",
  ],
  [reach("pair", "7", "5"), "path:7>5", "path from zurich to ntp1"],
])("what reaches %j is about %s", (which, key, title) => {
  expect(causeOfReach(which, NAMES)).toEqual({ key, title });
});

test("what reaches no further than the server is the server's", () => {
  expect(causeOfReach(reach("server", "5"), NAMES)).toBeUndefined();
});

const server = (id: bigint, more: Partial<FiringServer> = {}): FiringServer => ({
  id,
  name: `ntp${id}`,
  unreachable: false,
  unwatched: false,
  falseticker: false,
  agents: ["zurich", "oslo"],
  ...more,
});
const WIDER = { key: "path:AS1>", title: "path through AS1" };

test("an alert is about what is judged, another one of the same server about the server", () => {
  const servers = new Map([1n, 2n].map((id) => [id, server(id)]));
  const alerts = [
    { serverId: 1n, wider: WIDER },
    { serverId: 1n, wider: undefined },
    { serverId: 2n, wider: WIDER },
    { serverId: 9n, wider: undefined },
  ];
  const nothing = { lostAgents: new Set<string>(), serversByNetwork: new Map<string, number>() };
  const causes = causesOfAlerts(alerts, servers, nothing);
  expect(causes.map((cause) => cause?.key)).toEqual([
    "path:AS1>",
    "server:1",
    "path:AS1>",
    undefined,
  ]);
});

test("a lost agent explains what is judged without it", () => {
  const servers = new Map([[1n, server(1n, { unwatched: true })]]);
  const causes = causesOfAlerts([{ serverId: 1n, wider: WIDER }], servers, {
    lostAgents: new Set(["oslo"]),
    serversByNetwork: new Map(),
  });
  expect(causes.map((cause) => cause?.key)).toEqual(["agent:oslo"]);
});

const SECOND = 1_000_000_000n;
const told = (incident: bigint, openedAtSeconds: number) => ({
  incident,
  openedAtNs: BigInt(openedAtSeconds) * SECOND,
});

test("what was told lately gathers what has its cause by now; the oldest of several does", () => {
  const found = toldIncidentsByCause(
    [
      { causeKey: "a", told: told(4n, 900) },
      { causeKey: "a", told: told(3n, 950) },
      { causeKey: "a", told: undefined },
      { causeKey: "b", told: told(2n, 819) },
      { causeKey: "c", told: told(5n, 820) },
      { causeKey: "d", told: undefined },
    ],
    1_000n * SECOND,
  );
  expect([...found]).toEqual([
    ["a", 3n],
    ["c", 5n],
  ]);
});
