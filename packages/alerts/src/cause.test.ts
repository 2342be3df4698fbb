import { expect, test } from "vitest";
import { causesOfServers, type FiringServer, MANY_SERVERS } from "./cause.ts";

const server = (id: number, more: Partial<FiringServer> = {}): FiringServer => ({
  id: BigInt(id),
  name: `ntp${id}`,
  unreachable: false,
  unwatched: false,
  falseticker: false,
  agents: ["zurich", "oslo"],
  ...more,
});

interface World {
  readonly lost?: readonly string[];
  readonly networks?: Readonly<Record<string, number>>;
}

function keys(
  servers: readonly FiringServer[],
  { lost = [], networks = {} }: World = {},
): string[] {
  const causes = causesOfServers(servers, {
    lostAgents: new Set(lost),
    serversByNetwork: new Map(Object.entries(networks)),
  });
  return servers.map(({ id }) => causes.get(id)?.key ?? "");
}

test("a server is its own cause when nothing else is wrong", () => {
  expect(keys([server(1), server(2)])).toEqual(["server:1", "server:2"]);
});

test("two hundred servers of one lost agent have one cause", () => {
  const servers = Array.from({ length: 200 }, (_, index) =>
    server(index, { agents: ["zurich"], unreachable: true, unwatched: true }),
  );
  expect(new Set(keys(servers, { lost: ["zurich"] }))).toEqual(new Set(["agent:zurich"]));
});

test("with others left that watch it, a lost agent is no cause", () => {
  expect(keys([server(1)], { lost: ["zurich"] })).toEqual(["server:1"]);
  expect(keys([server(1, { unwatched: true })], { lost: ["zurich"] })).toEqual(["agent:zurich"]);
});

test("a clock that was seen to lie is its own cause, whoever is lost", () => {
  const lost = ["zurich", "oslo"];
  expect(keys([server(1, { falseticker: true })], { lost })).toEqual(["server:1"]);
  expect(keys([server(1)], { lost })).toEqual(["agent:oslo"]);
});

test("most of a network's servers that fall silent together have the network as their cause", () => {
  const silent = [1, 2, 3].map((id) => server(id, { network: "192.0.2.0/24", unreachable: true }));
  const network = "network:192.0.2.0/24";
  expect(keys(silent, { networks: { "192.0.2.0/24": 5 } })).toEqual([network, network, network]);
  expect(keys(silent, { networks: { "192.0.2.0/24": 6 } })).toEqual([
    "server:1",
    "server:2",
    "server:3",
  ]);
  const lying = silent.map((each) => ({ ...each, unreachable: false }));
  expect(keys(lying, { networks: { "192.0.2.0/24": 3 } })).toContain("server:1");
});

test("nobody is told of many servers one by one", () => {
  const many = Array.from({ length: MANY_SERVERS }, (_, index) => server(index));
  expect(new Set(keys(many))).toEqual(new Set(["many_servers"]));
  expect(keys(many.slice(1))).toContain("server:1");
});

test("servers of no network that is known, and too few of one, are their own causes", () => {
  const silent = [1, 2, 3].map((id) => server(id, { unreachable: true }));
  expect(keys(silent)).toEqual(["server:1", "server:2", "server:3"]);
  const two = [1, 2].map((id) => server(id, { network: "192.0.2.0/24", unreachable: true }));
  expect(keys(two)).toEqual(["server:1", "server:2"]);
});

test("of a network whose servers nobody counted, all that there are fell silent", () => {
  const silent = [1, 2, 3].map((id) => server(id, { network: "192.0.2.0/24", unreachable: true }));
  expect(new Set(keys(silent))).toEqual(new Set(["network:192.0.2.0/24"]));
});
