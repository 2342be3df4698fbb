import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withSetUpLock } from "./lock.mjs";

let root = "";
let lock = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "truechimer lock "));
  lock = join(root, ".setup.lock");
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("of two at once the second waits, says for whom, and both do their work", async () => {
  const order: string[] = [];
  const said: string[] = [];
  const opened = Promise.withResolvers<void>();
  const first = withSetUpLock(
    root,
    () => {},
    async () => {
      order.push("first begins");
      await opened.promise;
      order.push("first ends");
    },
  );
  const second = withSetUpLock(
    root,
    (text) => {
      said.push(text);
      opened.resolve();
    },
    async () => {
      order.push("second");
    },
  );
  await Promise.all([first, second]);
  expect(order).toEqual(["first begins", "first ends", "second"]);
  expect(said).toEqual([`waiting for process ${process.pid}, which is setting up this clone`]);
  expect(existsSync(lock)).toBe(false);
});

test("work that fails gives the lock back", async () => {
  const failing = withSetUpLock(
    root,
    () => {},
    () => Promise.reject(new Error("no network")),
  );
  await expect(failing).rejects.toThrow("no network");
  expect(existsSync(lock)).toBe(false);
});

test("the lock of a process that is gone is broken", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(lock, `${pid} ${hostname()}\n`);
  expect(
    await withSetUpLock(
      root,
      () => {},
      async () => "done",
    ),
  ).toBe("done");
});

test("a lock from another host is broken when nobody has touched it for long", async () => {
  writeFileSync(lock, "1 elsewhere\n");
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(lock, longAgo, longAgo);
  expect(
    await withSetUpLock(
      root,
      () => {},
      async () => "done",
    ),
  ).toBe("done");
});

test("what cannot be written is named, with the remedy", async () => {
  const nowhere = join(root, "nowhere");
  await expect(
    withSetUpLock(
      nowhere,
      () => {},
      async () => {},
    ),
  ).rejects.toThrow(
    /cannot write .*nowhere.*\(ENOENT\): run the command as the owner of this clone/,
  );
});
