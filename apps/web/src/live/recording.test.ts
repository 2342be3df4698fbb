import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test, vi } from "vitest";
import { createRecording, type ListPage, type Look, type Recorded } from "./recording.ts";
import { shownMs } from "./shown-check.ts";

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const STANDING: Look = { filter: "", visit: 1, positionMs: 500 * MINUTE, speed: 0, nowMs: NOW };

interface World {
  readonly list: ListPage;
  readonly calls: { readonly fromMs: number | undefined; readonly toMs: number }[];
  /** What the page has. */
  readonly last: () => Recorded;
  readonly lookAt: (look: Look) => void;
  fails: boolean;
}

/** A check every `everyMs`; a page reaches `reachMs` back at most. */
function worldOf({ everyMs = 1_000, reachMs = 10 * MINUTE } = {}): World {
  const calls: { fromMs: number | undefined; toMs: number }[] = [];
  let last: Recorded | undefined;
  const world = {
    fails: false,
    list: async (request: Parameters<ListPage>[0]) => {
      if (world.fails) throw new Error("away");
      const fromMs = request.from && timestampMs(asTimestamp(request.from));
      const toMs = timestampMs(asTimestamp(request.to));
      if (request.pageToken === "") calls.push({ fromMs, toMs });
      const beginMs = request.pageToken === "" ? toMs : Number(request.pageToken);
      const endMs = Math.max(fromMs ?? 0, beginMs - reachMs);
      const checks: adminV1.ListedCheck[] = [];
      let atMs = Math.ceil(beginMs / everyMs - 1) * everyMs;
      for (; atMs >= endMs && checks.length < request.pageSize; atMs -= everyMs)
        checks.push(checkAt(atMs));
      const reachedMs = checks.length === request.pageSize ? atMs + everyMs : endMs;
      return {
        checks,
        nextPageToken: reachedMs <= (fromMs ?? 0) ? "" : String(reachedMs),
        reached: timestampFromMs(reachedMs),
      } as Awaited<ReturnType<ListPage>>;
    },
  };
  const recording = createRecording({
    list: world.list,
    changed: (recorded) => {
      last = recorded;
    },
  });
  return Object.assign(world, {
    calls,
    lookAt: recording.lookAt,
    last: () => {
      if (last === undefined) throw new Error("nothing was told");
      return last;
    },
  });
}

function asTimestamp({ seconds, nanos }: { seconds: bigint; nanos: number }): never {
  return { $typeName: "google.protobuf.Timestamp", seconds, nanos } as never;
}

function checkAt(atMs: number): adminV1.ListedCheck {
  return create(adminV1.ListedCheckSchema, {
    check: { id: BigInt(atMs), at: timestampFromMs(atMs) },
  });
}

const idle = async (world: World): Promise<void> =>
  await vi.waitFor(() => expect(world.last().isLoading).toBe(false));
const instants = ({ checks }: Recorded): readonly number[] => checks.map(shownMs);

test("a place is loaded back to where the picture begins, the newest first", async () => {
  const world = worldOf();
  world.lookAt(STANDING);
  await idle(world);
  const [newest = 0, ...rest] = instants(world.last());
  expect(newest).toBe(STANDING.positionMs);
  expect(rest.every((atMs, index) => atMs === newest - (index + 1) * 1_000)).toBe(true);
  expect(rest.at(-1)).toBeLessThanOrEqual(STANDING.positionMs - 5 * MINUTE);
  expect(world.last()).toMatchObject({ isThinned: false, error: undefined });
  world.lookAt({ ...STANDING, nowMs: NOW + 60_000 });
  expect(world.calls).toHaveLength(1);
});

test("rare checks are looked for farther back than the picture, in as many calls as it takes", async () => {
  const world = worldOf({ everyMs: 4 * MINUTE });
  world.lookAt(STANDING);
  await idle(world);
  expect(instants(world.last()).length).toBeGreaterThanOrEqual(100);
  expect(world.last().lookedBackToMs).toBeLessThan(STANDING.positionMs - 300 * MINUTE);
});

test("more than the page holds is thinned, and it says so", async () => {
  const world = worldOf({ everyMs: 10 });
  world.lookAt(STANDING);
  await idle(world);
  expect(instants(world.last())).toHaveLength(5_000);
  expect(world.last().isThinned).toBe(true);
});

test("played, each stretch follows the last one without a gap and without a check twice", async () => {
  const world = worldOf();
  let look: Look = { ...STANDING, speed: 60 };
  for (let round = 0; round < 120; round += 1) {
    world.lookAt(look);
    await idle(world);
    // Whatever is to be shown is there.
    expect(instants(world.last())).toContain(Math.floor(look.positionMs / 1_000) * 1_000);
    look = { ...look, positionMs: look.positionMs + 15_000 };
  }
  const all = instants(world.last());
  expect(all.every((atMs, index) => index === 0 || atMs === (all[index - 1] ?? 0) - 1_000)).toBe(
    true,
  );
  // A call every two stretches or so, and none twice.
  expect(world.calls.length).toBeLessThan(20);
  expect(world.calls.slice(1).map(({ fromMs }) => fromMs)).toEqual(
    world.calls.slice(0, -1).map(({ toMs }) => toMs),
  );
});

test("of more than the page holds, what lies before the place stays, and a place that stands is whole", async () => {
  const everyMs = 30;
  const world = worldOf({ everyMs });
  const until = (positionMs: number): readonly number[] =>
    instants(world.last()).filter((atMs) => atMs <= positionMs);
  let look: Look = { ...STANDING, speed: 60 };
  for (let round = 0; round < 40; round += 1) {
    world.lookAt(look);
    await idle(world);
    expect(until(look.positionMs).length).toBeGreaterThanOrEqual(1_000);
    expect(instants(world.last()).length).toBeLessThan(20_000);
    look = { ...look, positionMs: look.positionMs + 15_000 };
  }
  const standing = { ...look, speed: 0 };
  world.lookAt(standing);
  await idle(world);
  const rows = until(standing.positionMs).slice(0, 5_000);
  const newestMs = Math.floor(standing.positionMs / everyMs) * everyMs;
  expect(rows.every((atMs, index) => atMs === newestMs - index * everyMs)).toBe(true);
  expect(rows).toHaveLength(5_000);
  const calls = world.calls.length;
  world.lookAt(standing);
  world.lookAt(standing);
  expect(world.calls).toHaveLength(calls);
});

test("a place that has moved past what is loaded is loaded when it stands", async () => {
  const world = worldOf();
  world.lookAt({ ...STANDING, speed: 600 });
  await idle(world);
  const far = { ...STANDING, positionMs: STANDING.positionMs + 120 * MINUTE };
  world.lookAt(far);
  await idle(world);
  const [newest = 0, next = 0] = instants(world.last());
  expect([newest, next]).toEqual([far.positionMs, far.positionMs - 1_000]);
});

test("another place, and another filter, are loaded anew; pausing is not", async () => {
  const world = worldOf();
  world.lookAt({ ...STANDING, speed: 10 });
  await idle(world);
  world.lookAt(STANDING);
  expect(world.calls).toHaveLength(1);
  world.lookAt({ ...STANDING, visit: 2, positionMs: 100 * MINUTE });
  await idle(world);
  expect(instants(world.last())[0]).toBe(100 * MINUTE);
  world.lookAt({ ...STANDING, visit: 2, positionMs: 100 * MINUTE, filter: "offset>5ms" });
  await idle(world);
  expect(world.calls).toHaveLength(3);
});

test("what fails is told, what was shown stays, and a while later it is tried again", async () => {
  const world = worldOf();
  world.lookAt(STANDING);
  await idle(world);
  const before = instants(world.last());
  world.fails = true;
  const elsewhere = { ...STANDING, visit: 2, positionMs: 300 * MINUTE };
  world.lookAt(elsewhere);
  await idle(world);
  expect(world.last().error).toBeInstanceOf(Error);
  expect(instants(world.last())).toEqual(before);
  world.fails = false;
  world.lookAt({ ...elsewhere, nowMs: NOW + 100 });
  expect(world.calls).toHaveLength(1);
  world.lookAt({ ...elsewhere, nowMs: NOW + 2_500 });
  await idle(world);
  expect(world.last().error).toBeUndefined();
  expect(instants(world.last())[0]).toBe(300 * MINUTE);
});
