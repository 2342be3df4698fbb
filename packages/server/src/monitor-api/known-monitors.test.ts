import { AppError } from "@truechimer/base";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ServerContext } from "../context.ts";
import type { MonitorCall } from "./authenticate-monitor.ts";
import type { MonitorRow } from "./find-monitors.ts";
import { asMonitor, createKnownMonitors, MONITOR_CHANGED } from "./known-monitors.ts";

const CALL: MonitorCall = {
  credential: { kind: "token", tlsName: "zurich.example" },
  monId: "10.0.0.1",
};

const ROW: MonitorRow = {
  id: 1n,
  hostname: "zurich",
  ip: "10.0.0.1",
  ip_version: "v4",
  status: "active",
  lab: false,
  config: {},
  client_version: "",
  tls_name: "zurich.example",
  agent_id: null,
  key_is_new: false,
  settings: new Map(),
  mark: 7n,
};

const find = vi.fn<() => Promise<readonly MonitorRow[]>>();
let context: Pick<ServerContext, "database" | "monitorCalls">;

beforeEach(() => {
  find.mockReset().mockResolvedValue([ROW]);
  context = { monitorCalls: { known: createKnownMonitors(), find } } as unknown as typeof context;
});

/** Gives what each attempt was done with. */
function done(
  answers: readonly (string | typeof MONITOR_CHANGED)[],
  call = CALL,
): Promise<string[]> {
  const attempts: string[] = [];
  const left = [...answers];
  return asMonitor(context, call, async ({ monitor, isRemembered }) => {
    attempts.push(`${monitor.mark}${isRemembered ? " remembered" : ""}`);
    const answer = left.shift() ?? "done";
    return answer === MONITOR_CHANGED ? answer : attempts;
  });
}

describe("a monitor that called before", () => {
  test("is not looked for", async () => {
    expect(await done([])).toEqual(["7"]);
    expect(await done([])).toEqual(["7 remembered"]);
    expect(find).toHaveBeenCalledTimes(1);
  });

  test("is found anew when it has changed, and remembered so", async () => {
    await done([]);
    find.mockResolvedValue([{ ...ROW, mark: 8n }]);
    expect(await done([MONITOR_CHANGED])).toEqual(["7 remembered", "8"]);
    expect(await done([])).toEqual(["8 remembered"]);
  });

  test("is nobody's when it is gone", async () => {
    await done([]);
    find.mockRejectedValue(new AppError("unauthenticated", "gone"));
    await expect(done([MONITOR_CHANGED])).rejects.toMatchObject({ code: "unauthenticated" });
    find.mockResolvedValue([ROW]);
    expect(await done([])).toEqual(["7"]);
  });

  test("is not remembered for another agent, or for another address", async () => {
    await done([]);
    expect(await done([], { ...CALL, monId: "10.0.0.2" })).toEqual(["7"]);
    const credential = { kind: "token", tlsName: "basel.example" } as const;
    expect(await done([], { ...CALL, credential })).toEqual(["7"]);
    const sameName = { kind: "certificate", tlsName: "zurich.example", serial: "1" } as const;
    expect(await done([], { ...CALL, credential: sameName })).toEqual(["7"]);
  });
});

test("what is found and has changed again is found once more, and not for ever", async () => {
  expect(await done([MONITOR_CHANGED, MONITOR_CHANGED])).toEqual(["7", "7", "7"]);
  await expect(
    done(new Array<typeof MONITOR_CHANGED>(10).fill(MONITOR_CHANGED)),
  ).rejects.toMatchObject({ code: "database_busy" });
});

test.each([
  { name: "one that is paused", row: { ...ROW, status: "paused" as const }, call: CALL },
  { name: "an agent's only one", row: ROW, call: { ...CALL, monId: "" } },
])("$name is looked for each time", async ({ row, call }) => {
  find.mockResolvedValue([row]);
  expect(await done([], call)).toEqual(["7"]);
  expect(await done([], call)).toEqual(["7"]);
});

test("the first to have called are forgotten first", async () => {
  const known = createKnownMonitors();
  const callOf = (place: number): MonitorCall => ({ ...CALL, monId: `m${place}` });
  const monitor = await asMonitor(context, CALL, async (found) => found.monitor);
  for (let place = 0; place < 20_001; place += 1) known.note(callOf(place), monitor);
  expect(known.get(callOf(0))).toBeUndefined();
  expect(known.get(callOf(1))).toBe(monitor);
  expect(known.get(callOf(20_000))).toBe(monitor);
});
