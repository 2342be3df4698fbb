import { parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { LAB_CATALOGUE, type LabServer } from "@truechimer/lab";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { enrolMonitor } from "../src/up/enrol-monitor.ts";
import {
  countOwnServers,
  enrolLabServers,
  readLabPorts,
  readLabState,
  retireLab,
} from "../src/up/lab-rows.ts";

const database = await useDatabase();
const world = { clock: systemClock, random: systemRandom };

function labServers(ports: readonly number[]): readonly LabServer[] {
  return ports.map((port, at) => {
    const definition = LAB_CATALOGUE[at];
    if (definition === undefined) throw new Error("the catalogue is shorter than this test");
    return { ...definition, family: "v4", address: "127.0.0.1", port };
  });
}

function servers(): Promise<readonly { id: bigint; name: string; port: number; state: string }[]> {
  return database.kysely
    .selectFrom("servers")
    .select(["id", "name", "port", "state"])
    .orderBy("id")
    .execute();
}

test("the lab's servers keep their rows when they change places", async () => {
  expect(await readLabState(database)).toBe("new");
  await enrolLabServers(database, labServers([2001, 2002, 2003]));
  const before = await servers();
  await enrolLabServers(database, labServers([2002, 2001, 2009]));
  const after = await servers();
  expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(after.map(({ port }) => port)).toEqual([2002, 2001, 2009]);
  expect(new Set(Object.values(await readLabPorts(database)))).toEqual(new Set([2001, 2002, 2009]));
  expect(await readLabState(database)).toBe("running");
});

test("a lab server that a person paused stays so while the lab goes on", async () => {
  const [first] = await servers();
  await database.kysely
    .updateTable("servers")
    .set({ state: "paused" })
    .where("id", "=", first?.id ?? 0n)
    .execute();
  await enrolLabServers(database, labServers([2001, 2002, 2003]));
  expect((await servers()).map(({ state }) => state)).toEqual(["paused", "watched", "watched"]);
});

test("a retired lab leaves its history, and can come back", async () => {
  await retireLab(database);
  expect(await readLabState(database)).toBe("retired");
  expect(new Set((await servers()).map(({ state }) => state))).toEqual(new Set(["removed"]));
  expect(await countOwnServers(database)).toBe(0);
  await enrolLabServers(database, labServers([2001, 2002, 2003]));
  expect(new Set((await servers()).map(({ state }) => state))).toEqual(new Set(["watched"]));
});

test("a monitor is found again by its name, also at another address, and its old token is void", async () => {
  const enrol = (text: string): Promise<string> => {
    const address = parseIpAddress(text);
    if (!address.ok) throw new Error(address.error);
    const monitor = { name: "here", location: "", address: address.value, lab: false };
    return enrolMonitor(database, monitor, world);
  };
  const first = await enrol("192.0.2.1");
  const second = await enrol("192.0.2.2");
  expect(second).not.toBe(first);
  await enrol("2001:db8::1");
  const rows = await database.kysely
    .selectFrom("monitors")
    .select(["hostname", "ip", "status"])
    .where("type", "=", "monitor")
    .orderBy("id")
    .execute();
  expect(rows).toEqual([
    { hostname: "here", ip: "192.0.2.2", status: "active" },
    { hostname: "here", ip: "2001:db8::1", status: "active" },
  ]);
});
