import { describe, expect, it } from "vitest";
import {
  checksOf,
  type FleetOptions,
  findingsOf,
  LOST,
  MS,
  monitors,
  servers,
  standingOf,
  told,
} from "./_fleet.ts";
import { faultText } from "./fault-text.ts";
import { withStanding } from "./judge-faults.ts";
import { isMainFault, type ServerFault, serverFaults } from "./server-fault.ts";

const FLEET = { monitors: monitors(8), servers: servers(6) };
type Happens = NonNullable<FleetOptions["happens"]>;
const NAMES: Readonly<Record<string, string>> = { m0: "fra1", s0: "ntp.example" };

function faultsAt(server: string, options: FleetOptions): readonly ServerFault[] {
  const { pairs } = checksOf(options);
  return serverFaults(findingsOf(options), pairs, () => true).get(server) ?? [];
}

function textsAt(server: string, options: FleetOptions): readonly string[] {
  return faultsAt(server, options).map((fault) => faultText(fault, (id) => NAMES[id] ?? id));
}

const atServer =
  (what: ReturnType<Happens>): Happens =>
  ({ server, isNow }) =>
    isNow && server.id === "s0" ? what : {};
const byMonitor =
  (what: ReturnType<Happens>): Happens =>
  ({ monitor, isNow }) =>
    isNow && monitor.id === "m0" ? what : {};
const between =
  (what: ReturnType<Happens>): Happens =>
  ({ monitor, server, isNow }) =>
    isNow && monitor.id === "m0" && server.id === "s0" ? what : {};
const RATE = { ...LOST, sent: 1, received: 1, isRateLimited: true };

describe("a server's fault in a sentence", () => {
  it.each<{ name: string; happens: Happens; is: RegExp }>([
    {
      name: "step",
      happens: atServer({ addNs: 5 * MS }),
      is: /^the server: its clock has stepped by \+5\.\d+ ms; 8 of 8 monitors see it, from 8 networks, and 40 of 40 of their views of other servers do not show it$/,
    },
    {
      name: "drift",
      happens: ({ server, minute, isNow }) =>
        isNow && server.id === "s0" ? { addNs: (minute - 26) * 3 * MS } : {},
      is: /^the server: its clock runs away, by \+\d/,
    },
    {
      name: "second",
      happens: atServer({ addNs: 1e9 }),
      is: /as after a leap second that was missed/,
    },
    {
      name: "leap",
      happens: atServer({ leap: 2 }),
      is: /it announces a leap second that is not due/,
    },
    {
      name: "overload",
      happens: atServer({ received: 1 }),
      is: /^the server: it loses requests \(6\d %\)/,
    },
    {
      name: "slow",
      happens: atServer({ addDelayNs: 9 * MS }),
      is: /^the server: it answers (9\.0\d|8\.9\d) ms later/,
    },
    { name: "outage", happens: atServer(LOST), is: /^the server: nothing comes back from it/ },
    {
      name: "limit",
      happens: atServer(RATE),
      is: /^the server: it asks all to come less often \(RATE\)/,
    },
    {
      name: "unfit",
      happens: atServer({ ...LOST, received: 3, isUnfit: true }),
      is: /^the server: its answers say that it is not to be used, or are none/,
    },
    {
      name: "unfit for one",
      happens: between({ ...LOST, received: 3, isUnfit: true }),
      is: /^cannot tell whose: to fra1 its answers are none to be used; 1 of 8/,
    },
    {
      name: "limit of one",
      happens: between(RATE),
      is: /^our own side: it asks fra1 to come less often \(RATE\), and others not; 1 of 8 monitors see it/,
    },
    {
      name: "path",
      happens: between({ addNs: -4 * MS, addDelayNs: 8 * MS }),
      is: /^the path: the way has changed between fra1 and it: (8\.0\d|7\.9\d) ms longer; 1 of 8 monitors see it, and 5 of 5/,
    },
    {
      name: "loss",
      happens: between(LOST),
      is: /^the path: nothing comes back between fra1 and it/,
    },
    {
      name: "monitor",
      happens: byMonitor({ addNs: -15 * MS }),
      is: /^our own side: the clock of fra1 is off by \+1[45]\.\d+ ms; 1 of 8 monitors see it, and 5 of 5 of their other views show it$/,
    },
    {
      name: "monitor's loss",
      happens: byMonitor({ received: 1 }),
      is: /^our own side: requests are lost to fra1, from any server \(6\d %\)/,
    },
  ])("$name", ({ happens, is }) => {
    const texts = textsAt("s0", { ...FLEET, happens });
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(is);
  });

  it("a part of the way is named by its hop or its network, and the servers behind it", () => {
    const prefix = servers(6).map((server, number) =>
      number < 3 ? { ...server, networks: ["prefix x"] } : server,
    );
    const lossFrom = (monitorIds: readonly string[], hop: string): readonly string[] =>
      textsAt("s0", {
        ...FLEET,
        servers: prefix,
        hops: (monitor) => [monitorIds.includes(monitor.id) ? hop : "hop b"],
        happens: ({ monitor, server, isNow }) =>
          isNow && monitorIds.includes(monitor.id) && server.networks.includes("prefix x")
            ? LOST
            : {},
      });
    expect(lossFrom(["m0", "m1"], "hop a")[0]).toMatch(
      /nothing comes back through hop a to prefix x;/,
    );
    expect(
      lossFrom(
        FLEET.monitors.map(({ id }) => id),
        "hop a",
      )[0],
    ).toMatch(/^the path: nothing comes back from all servers of prefix x/);
  });

  it("all monitors of an account are named together", () => {
    const ours = FLEET.monitors.map((each, number) =>
      number < 3 ? { ...each, account: "7" } : each,
    );
    const [text] = textsAt("s0", {
      ...FLEET,
      monitors: ours,
      happens: ({ monitor, isNow }) => (isNow && monitor.account === "7" ? { addNs: 15 * MS } : {}),
    });
    expect(text).toMatch(/^our own side: the clock of all monitors of account 7 is off by −1[45]/);
  });

  it("of a single witness it says so", () => {
    const [text] = textsAt("s0", {
      monitors: monitors(1),
      servers: servers(1),
      happens: atServer({ addNs: 5 * MS }),
    });
    expect(text).toMatch(/^cannot tell whose: .*; its one monitor sees it$/);
  });
});

describe("the evidence", () => {
  it("says who sees it, who does not, and what they share", () => {
    const [fault] = faultsAt("s0", {
      monitors: monitors(8).map((each, number) => ({
        ...each,
        network: number < 4 ? "AS x" : each.network,
        country: number === 3 ? "DE" : "FR",
        account: number === 7 ? "a0" : each.account,
      })),
      servers: servers(6),
      hops: (monitor) => (monitor.id === "m0" || monitor.id === "m5" ? ["hop"] : []),
      happens: between({ addNs: 4 * MS, addDelayNs: 8 * MS }),
    });
    const shares = Object.fromEntries(
      fault?.witnesses.map(({ monitor, shares: what }) => [monitor, what]) ?? [],
    );
    expect(fault?.witnesses[0]).toEqual({ monitor: "m0", network: "AS x", sees: true, shares: [] });
    expect(shares).toMatchObject({
      m1: ["network", "country"],
      m3: ["network"],
      m5: ["country", "hop"],
      m7: ["account", "country"],
    });
    expect(fault && isMainFault(fault)).toBe(false);
  });

  it("what most see comes first, and is the server's fault", () => {
    const faults = faultsAt("s0", {
      ...FLEET,
      happens: ({ monitor, server, isNow }) =>
        isNow
          ? { addNs: (server.id === "s0" ? 3 * MS : 0) - (monitor.id === "m1" ? 15 * MS : 0) }
          : {},
    });
    expect(faults.map(({ cause }) => cause)).toEqual(["clock_step", "monitor_clock"]);
    expect(faults.map(isMainFault)).toEqual([true, false]);
  });
});

describe("what has been wrong for long", () => {
  it("a clock that stands off beyond what any path can do is the server's fault", () => {
    const always = {
      ...FLEET,
      happens: (({ server }) => (server.id === "s0" ? { addNs: 40 * MS } : {})) satisfies Happens,
    };
    expect(told(findingsOf(always))).toEqual([]);
    expect(told(standingOf(always))).toEqual(["server clock_off server s0"]);
    const faults = serverFaults(standingOf(always), checksOf(always).pairs, () => true).get("s0");
    expect(faults?.map((fault) => faultText(fault, String))[0]).toMatch(
      /^the server: its clock is off by \+40\.\d ms; 8 of 8/,
    );
    expect(told(withStanding(findingsOf(always), standingOf(always)))).toHaveLength(1);
  });

  it("a clock that stands off by less than the paths can do is nobody's", () => {
    expect(
      standingOf({
        ...FLEET,
        happens: ({ server }) => (server.id === "s0" ? { addNs: 8 * MS } : {}),
      }),
    ).toEqual([]);
  });

  it("one witness is enough for a clock that no path can have moved, where it sees its other servers well", () => {
    expect(
      told(
        standingOf({
          monitors: monitors(1),
          servers: servers(4),
          happens: ({ server }) => (server.id === "s0" ? { addNs: 40 * MS } : {}),
        }),
      ),
    ).toEqual(["server clock_off server s0"]);
  });

  it("what has just changed is not told twice", () => {
    const now = { ...FLEET, happens: atServer({ addNs: 40 * MS }) };
    expect(told(withStanding(findingsOf(now), standingOf(now)))).toEqual([
      "server clock_step server s0",
    ]);
  });
});
