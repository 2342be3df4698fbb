import { describe, expect, it } from "vitest";
import { type FleetOptions, findingsOf, LOST, MS, monitors, servers, told } from "./_fleet.ts";

const FLEET = { monitors: monitors(8), servers: servers(6) };
const RATE = { ...LOST, sent: 1, received: 1, isRateLimited: true };

const UNFIT = { ...LOST, received: 3, isUnfit: true };

/** Of eight monitors and six servers: what happens now to those. */
function now(
  where: (monitor: string, server: string) => boolean,
  what: ReturnType<NonNullable<FleetOptions["happens"]>>,
): NonNullable<FleetOptions["happens"]> {
  return ({ monitor, server, isNow }) => (isNow && where(monitor.id, server.id) ? what : {});
}

const atServer = (_: string, server: string): boolean => server === "s0";
const byMonitor = (monitor: string): boolean => monitor === "m0";
const between = (monitor: string, server: string): boolean => monitor === "m0" && server === "s0";

describe("whose fault it is in a fleet of 8 monitors in 8 networks and 6 servers", () => {
  it.each([
    { name: "nothing happens", happens: now(atServer, {}), is: [] },
    {
      name: "one server's clock steps",
      happens: now(atServer, { addNs: 5 * MS }),
      is: ["server clock_step server s0"],
    },
    {
      name: "one server's clock is a second ahead",
      happens: now(atServer, { addNs: 1_000 * MS }),
      is: ["server leap_error server s0"],
    },
    {
      name: "one server's clock runs away",
      happens: (({ server, minute, isNow }) =>
        server.id === "s0" && isNow ? { addNs: (minute - 26) * 3 * MS } : {}) satisfies NonNullable<
        FleetOptions["happens"]
      >,
      is: ["server clock_drift server s0"],
    },
    {
      name: "one server announces a leap second",
      happens: now(atServer, { leap: 1 }),
      is: ["server leap_error server s0"],
    },
    {
      name: "one server asks all to come less often",
      happens: now(atServer, RATE),
      is: ["server rate_limiting server s0"],
    },
    {
      name: "one server says that it is not synchronised",
      happens: now(atServer, UNFIT),
      is: ["server unfit server s0"],
    },
    {
      name: "one server says so to one monitor",
      happens: now(between, UNFIT),
      is: ["cannot_tell unfit pair m0 s0"],
    },
    {
      name: "one server asks one monitor to come less often",
      happens: now(between, RATE),
      is: ["monitor rate_limiting pair m0 s0"],
    },
    {
      name: "one server loses two of three and is slow",
      happens: now(atServer, { received: 1, addDelayNs: 9 * MS }),
      is: ["server overload server s0"],
    },
    { name: "one server is silent", happens: now(atServer, LOST), is: ["server outage server s0"] },
    {
      name: "one monitor's clock is off by 15 ms",
      happens: now(byMonitor, { addNs: -15 * MS }),
      is: ["monitor monitor_clock monitor m0"],
    },
    {
      name: "one monitor loses everything",
      happens: now(byMonitor, LOST),
      is: ["monitor outage monitor m0"],
    },
    {
      name: "one monitor is slow to all",
      happens: now(byMonitor, { addDelayNs: 9 * MS }),
      is: ["monitor path_change monitor m0"],
    },
    {
      name: "one path grows by 8 ms on one leg",
      happens: now(between, { addNs: 4 * MS, addDelayNs: 8 * MS }),
      is: ["path path_change pair m0 s0"],
    },
    {
      name: "one path loses all",
      happens: now(between, LOST),
      is: ["path outage pair m0 s0"],
    },
    {
      name: "the ways of all to one server grow by 8 ms on one leg: no clock is blamed",
      happens: now(atServer, { addNs: 4 * MS, addDelayNs: 8 * MS }),
      is: ["server overload server s0"],
    },
    {
      name: "one offset moves by more than any path can do",
      happens: now(between, { addNs: 30 * MS }),
      is: [],
    },
    {
      name: "a server steps while a monitor is off",
      happens: (({ monitor, server, isNow }) =>
        isNow
          ? { addNs: (server.id === "s0" ? 3 * MS : 0) - (monitor.id === "m1" ? 15 * MS : 0) }
          : {}) satisfies NonNullable<FleetOptions["happens"]>,
      is: ["monitor monitor_clock monitor m1", "server clock_step server s0"],
    },
  ])("$name", ({ happens, is }) => {
    expect(told(findingsOf({ ...FLEET, happens }))).toEqual(is);
  });

  it("servers of one prefix that are silent together are the network's fault", () => {
    const prefix = servers(6).map((server, number) =>
      number < 3 ? { ...server, networks: ["prefix x"] } : server,
    );
    const happens = now((_, server) => ["s0", "s1", "s2"].includes(server), LOST);
    expect(told(findingsOf({ ...FLEET, servers: prefix, happens }))).toEqual([
      "path outage servers prefix x",
    ]);
  });

  it("what is lost behind one hop is the path's fault, and the hop is named", () => {
    const behind = (monitor: string): boolean => ["m0", "m1", "m2"].includes(monitor);
    const found = findingsOf({
      ...FLEET,
      hops: (monitor) => [behind(monitor.id) ? "hop a" : "hop b"],
      happens: now((monitor, server) => behind(monitor) && server === "s0", LOST),
    });
    expect(told(found)).toEqual(["path outage part hop a s0"]);
  });

  it("all monitors of a network that lose everything are the network's fault, of an account ours", () => {
    const lossOf = (place: "network" | "account"): readonly string[] =>
      told(
        findingsOf({
          ...FLEET,
          monitors: FLEET.monitors.map((each, number) =>
            number < 3 ? { ...each, [place]: "x" } : each,
          ),
          happens: now((monitor) => ["m0", "m1", "m2"].includes(monitor), LOST),
        }),
      );
    expect(lossOf("network")).toEqual(["path outage network x"]);
    expect(lossOf("account")).toEqual(["monitor outage account x"]);
  });
});

describe("where nobody can tell", () => {
  it("one monitor and one server: it may be either", () => {
    const found = findingsOf({
      monitors: monitors(1),
      servers: servers(1),
      happens: now(atServer, { addNs: 5 * MS }),
    });
    expect(found.map(({ fault }) => fault)).toEqual(["cannot_tell"]);
  });

  it("monitors of one network alone do not convict a server", () => {
    const found = findingsOf({
      monitors: monitors(4, { network: "AS x" }),
      servers: servers(4),
      happens: now(atServer, { addNs: 5 * MS }),
    });
    expect(found.map(({ fault }) => fault)).toEqual(["cannot_tell"]);
  });

  it("a pair without a past says nothing of offset and delay", () => {
    const found = findingsOf({
      ...FLEET,
      happens: ({ server, isNow }) =>
        server.id !== "s0" ? {} : isNow ? { addNs: 5 * MS } : { ...LOST, sent: 0 },
    });
    expect(found).toEqual([]);
  });
});
