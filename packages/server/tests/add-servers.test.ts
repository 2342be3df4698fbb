// Names that nobody answers for, and callers who do not wait.

import { type Clock, systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test, vi } from "vitest";
import { LOOKUPS_DEADLINE_MS } from "../src/admin-api/add-servers.ts";
import { refusalOf } from "./_results.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
let deadline: (() => void) | undefined;
const clock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => {
    if (delayMs !== LOOKUPS_DEADLINE_MS) return systemClock.setTimer(delayMs, callback);
    deadline = callback;
    return () => {
      deadline = undefined;
    };
  },
};
const asked = new Set<string>();
const given = new Set<string>();
const { admin } = await useServer(database, {
  clock,
  resolveName: (name, signal) =>
    new Promise((_resolve, reject) => {
      asked.add(name);
      signal.addEventListener("abort", () => {
        given.add(name);
        reject(signal.reason as Error);
      });
    }),
});

test("the names of a call have a deadline together; addresses are added all the same", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `dead-${index}.example`);
  const call = admin.addServers({ targets: [...names, "10.1.0.1"] });
  await vi.waitFor(() => expect(asked.size).toBe(16), 20_000);
  deadline?.();
  const { added, refused } = await call;
  expect(added.map(({ address }) => address)).toEqual(["10.1.0.1"]);
  expect(refused.map(({ target }) => target)).toEqual(names);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["name_unresolved"]));
  expect(refused[0]?.message).toContain("add it again");
  expect(asked.size).toBe(16);
  expect(deadline).toBeUndefined();
});

test("a caller who hangs up ends the questions, and nothing is added", async () => {
  const patience = new AbortController();
  const call = refusalOf(
    admin.addServers({ targets: ["gone.example", "10.1.0.2"] }, { signal: patience.signal }),
  );
  await vi.waitFor(() => expect(asked).toContain("gone.example"), 20_000);
  patience.abort();
  await call;
  await vi.waitFor(() => expect(given).toContain("gone.example"), 20_000);
  await vi.waitFor(() => expect(deadline).toBeUndefined(), 20_000);
  const { servers } = await admin.listServers({});
  expect(servers.map(({ address }) => address)).toEqual(["10.1.0.1"]);
});
