// Each family follows its own status, without a restart and without touching the other.

import {
  createSessionTakeover,
  type SourceMonitor,
  type SourceMonitorStatus,
} from "@truechimer/agent";
import { describe, expect, test } from "vitest";
import { type AgentWorld, createAgentWorld, MONITOR_V4, MONITOR_V6 } from "./_agent-world.ts";
import {
  type ChangingSource,
  createChangingSource,
  TOKEN_CREDENTIALS,
} from "./_changing-source.ts";
import { ip } from "./_simulated-agent.ts";

const MINUTE_MS = 60_000;
const SERVERS = ["192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db8:1::2"];

function monitor(status: SourceMonitorStatus, address: string): SourceMonitor {
  return { family: address.includes(":") ? "v6" : "v4", address: ip(address), status };
}

interface Families extends AgentWorld {
  readonly source: ChangingSource;
  readonly both: (v4: SourceMonitorStatus, v6?: SourceMonitorStatus) => void;
  /** Requests to servers of a family since the last call. */
  readonly sentTo: (family: "v4" | "v6") => number;
}

function startFamilies(
  v4: SourceMonitorStatus,
  v6: SourceMonitorStatus,
  more: { readonly silent?: readonly string[]; readonly samples?: number } = {},
): Families {
  const world = createAgentWorld({ servers: SERVERS, intervalMs: 20_000, ...more });
  const source = createChangingSource([monitor(v4, MONITOR_V4), monitor(v6, MONITOR_V6)]);
  const seen = { v4: 0, v6: 0 };
  return {
    ...world,
    source,
    both: (nextV4, nextV6 = "active") =>
      source.set([monitor(nextV4, MONITOR_V4), monitor(nextV6, MONITOR_V6)]),
    sentTo: (family) => {
      const all = world.sent.filter(({ address }) => address.family === family).length;
      const fresh = all - seen[family];
      seen[family] = all;
      return fresh;
    },
  };
}

describe("a family", () => {
  test.each<SourceMonitorStatus>(["active", "testing"])("that is %s works", async (status) => {
    const families = startFamilies(status, "paused");
    families.start({ monitors: { source: families.source, credentials: TOKEN_CREDENTIALS } });
    await families.clock.advance(MINUTE_MS);
    expect(families.sentTo("v4")).toBeGreaterThan(3);
    expect(families.sentTo("v6")).toBe(0);
  });

  test("that becomes pending finishes and submits what is in hand, and takes no more", async () => {
    const families = startFamilies("active", "active", { samples: 3 });
    const { clock, plane, both, sentTo, source, start } = families;
    start({ monitors: { source, credentials: TOKEN_CREDENTIALS } });
    // In the middle of the first check.
    await clock.advance(3_000);
    both("pending");
    await clock.advance(MINUTE_MS);
    expect(plane.counted.filter(({ monId }) => monId === MONITOR_V4)).toHaveLength(2);
    expect(sentTo("v4")).toBe(6);
    expect(sentTo("v6")).toBeGreaterThan(12);
    both("active");
    await clock.advance(MINUTE_MS);
    expect(sentTo("v4")).toBeGreaterThan(12);
  });

  test("that becomes paused stops in the middle of a sample, and submits what was measured", async () => {
    const families = startFamilies("active", "active", { samples: 3, silent: ["192.0.2.2"] });
    const { clock, plane, both, sent, source, start } = families;
    start({ monitors: { source, credentials: TOKEN_CREDENTIALS } });
    // The one that answers is done; the silent one waits for its third answer.
    await clock.advance(6_000);
    both("paused");
    await clock.advance(1);
    const before = sent.filter(({ address }) => address.family === "v4").length;
    await clock.advance(5 * MINUTE_MS);
    expect(sent.filter(({ address }) => address.family === "v4")).toHaveLength(before);
    expect(plane.counted.filter(({ monId }) => monId === MONITOR_V4)).toMatchObject([
      { server: "192.0.2.1" },
    ]);
  });

  test("that is deleted, or not named any more, ends; the other goes on", async () => {
    const families = startFamilies("active", "active");
    const { clock, both, sentTo, source, start } = families;
    const agent = start({ monitors: { source, credentials: TOKEN_CREDENTIALS } });
    await clock.advance(MINUTE_MS);
    both("deleted");
    await clock.advance(1_000);
    sentTo("v4");
    sentTo("v6");
    await clock.advance(MINUTE_MS);
    expect(sentTo("v4")).toBe(0);
    expect(sentTo("v6")).toBeGreaterThan(3);
    source.set([]);
    await clock.advance(1_000);
    sentTo("v6");
    await clock.advance(MINUTE_MS);
    expect(sentTo("v6")).toBe(0);
    both("active");
    await clock.advance(MINUTE_MS);
    expect(sentTo("v4")).toBeGreaterThan(3);
    await agent.stop();
    await clock.advance(2_000);
    expect([source.listeners, clock.timersPending()]).toEqual([0, 0]);
  });

  test("that gets another address starts again under it, alone", async () => {
    const { clock, plane, source, start } = startFamilies("active", "active");
    start({ monitors: { source, credentials: TOKEN_CREDENTIALS } });
    await clock.advance(MINUTE_MS);
    const configsBefore = plane.calls.getConfig;
    source.set([monitor("active", "203.0.113.77"), monitor("active", MONITOR_V6)]);
    await clock.advance(MINUTE_MS);
    const ids = (since: number): ReadonlySet<string> =>
      new Set(plane.counted.filter(({ atMs }) => atMs > since).map(({ monId }) => monId));
    const nowMs = Number(clock.nowNs() / 1_000_000n);
    expect(ids(nowMs - MINUTE_MS / 2)).toEqual(new Set(["203.0.113.77", MONITOR_V6]));
    // The new one's first, and the other's because something changed.
    expect(plane.calls.getConfig - configsBefore).toBe(2);
  });

  test("that the control plane refuses rests, asks for its configuration soon, and goes on by itself", async () => {
    const { clock, plane, sentTo, source, start } = startFamilies("active", "active");
    start({ monitors: { source, credentials: TOKEN_CREDENTIALS } });
    await clock.advance(MINUTE_MS);
    plane.notLive.add(MONITOR_V4);
    await clock.advance(30_000);
    expect(source.refreshes).toBe(1);
    sentTo("v4");
    sentTo("v6");
    const before = { ...plane.calls };
    await clock.advance(10 * MINUTE_MS);
    expect(sentTo("v4")).toBe(0);
    expect(sentTo("v6")).toBeGreaterThan(30);
    const asked = plane.calls.getConfig - before.getConfig;
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThan(20);
    plane.notLive.clear();
    await clock.advance(7 * MINUTE_MS);
    expect(sentTo("v4")).toBeGreaterThan(3);
  });
});

test("while another agent has taken the session over no work is taken, and then it is again", async () => {
  const { clock, sentTo, source, start } = startFamilies("active", "active");
  const sessionTakeover = createSessionTakeover({ clock });
  const agent = start({
    monitors: { source, credentials: TOKEN_CREDENTIALS },
    sessionTakeover,
  });
  await clock.advance(MINUTE_MS);
  sessionTakeover.takenOver();
  await clock.advance(10_000);
  sentTo("v4");
  sentTo("v6");
  await clock.advance(2 * MINUTE_MS);
  sessionTakeover.connected();
  await clock.advance(29 * MINUTE_MS);
  expect([sentTo("v4"), sentTo("v6")]).toEqual([0, 0]);
  await clock.advance(2 * MINUTE_MS);
  expect(sentTo("v4")).toBeGreaterThan(3);
  await agent.stop();
});
