// A server that few see: on the word of one network it is blamed for what no way to it can have done, and for nothing else.

import { describe, expect, test } from "vitest";
import { checksOf, type FleetOptions, MS, monitors, servers, told } from "./_fleet.ts";
import type { CheckSeen } from "./check-seen.ts";
import { judgeChanges, judgeFaults, withStanding } from "./judge-faults.ts";
import { standingViews } from "./pair-view.ts";

const MINUTE_MS = 60_000;
/** The last three minutes are now. */
const WINDOW = { nowMs: 29 * MINUTE_MS, recentMs: 3 * MINUTE_MS, baselineMs: 30 * MINUTE_MS };
const FEW: FleetOptions = { monitors: monitors(1), servers: servers(2) };
/** Of the round trip of 20 ms half may be the way's doing. */
const FAR = 2_000 * MS;

type Happens = NonNullable<FleetOptions["happens"]>;

function judged(
  options: FleetOptions,
  seen: (check: CheckSeen, server: string) => boolean = () => true,
): readonly string[] {
  const { pairs, checks } = checksOf(options);
  const those = checks.map((each, place) =>
    each.filter((check) => seen(check, pairs[place]?.server.id ?? "")),
  );
  const { findings } = judgeChanges({ pairs, checks: those, window: WINDOW });
  const views = standingViews(those, WINDOW);
  return told(withStanding(findings, judgeFaults({ pairs, views, isStanding: true })));
}

const now =
  (is: (server: string) => boolean, addNs: number): Happens =>
  ({ server, isNow }) =>
    isNow && is(server.id) ? { addNs } : {};
const first = (server: string): boolean => server === "s0";
const any = (): boolean => true;

describe("one monitor of two servers", () => {
  test.each<{ name: string; happens: Happens; is: readonly string[] }>([
    {
      name: "one goes off further than any way could make it",
      happens: now(first, FAR),
      is: ["server clock_step server s0"],
    },
    {
      name: "one goes off by what the way could make, too",
      happens: now(first, 8 * MS),
      is: ["cannot_tell clock_step server s0"],
    },
    {
      name: "one runs away",
      happens: ({ server, minute, isNow }) =>
        isNow && first(server.id) ? { addNs: (minute - 26) * 300 * MS } : {},
      is: ["server clock_drift server s0"],
    },
    {
      name: "the monitor's own clock goes off",
      happens: now(any, FAR),
      is: ["monitor monitor_clock monitor m0"],
    },
    {
      name: "one has been off for as long as it was looked at",
      happens: ({ server }) => (first(server.id) ? { addNs: FAR } : {}),
      is: ["server clock_off server s0"],
    },
    {
      name: "the monitor's own clock has been off for as long",
      happens: () => ({ addNs: FAR }),
      is: ["monitor monitor_clock monitor m0"],
    },
  ])("$name: $is", ({ happens, is }) => {
    expect(judged({ ...FEW, happens })).toEqual(is);
  });

  test("the one that was not looked at since clears nobody", () => {
    const old = ({ atMs }: CheckSeen, server: string): boolean =>
      first(server) || atMs < WINDOW.nowMs - 2 * MINUTE_MS;
    const happens = now(any, FAR);
    const findings = judged({ ...FEW, happens: lately(happens, 2) }, old);
    expect(findings.filter((each) => each.startsWith("server"))).toEqual([]);
  });

  test("servers that are new: the one that is off is told after three checks", () => {
    const happens: Happens = ({ server }) => (first(server.id) ? { addNs: FAR } : {});
    const since =
      (minutes: number) =>
      ({ atMs }: CheckSeen) =>
        atMs > WINDOW.nowMs - minutes * MINUTE_MS;
    expect(judged({ ...FEW, happens }, since(3))).toEqual(["server clock_off server s0"]);
    expect(judged({ ...FEW, happens }, since(2))).toEqual([]);
  });

  test("servers that are new: an offset within half of the round trip is nobody's", () => {
    const happens: Happens = ({ server }) => (first(server.id) ? { addNs: 8 * MS } : {});
    expect(judged({ ...FEW, happens }, ({ atMs }) => atMs > WINDOW.nowMs - 3 * MINUTE_MS)).toEqual(
      [],
    );
  });
});

test("one monitor of one server: nobody can tell which of the two it is", () => {
  const findings = judged({ ...FEW, servers: servers(1), happens: now(any, FAR) });
  expect(findings).toEqual([expect.stringMatching(/^cannot_tell/)]);
});

/** Only in the newest minutes. */
function lately(happens: Happens, minutes: number): Happens {
  return (seen) => (seen.minute > 29 - minutes ? happens(seen) : {});
}
