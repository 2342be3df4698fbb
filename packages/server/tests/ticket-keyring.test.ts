// Ticket keys on a real database: sealed, renewed by the day, and good as long as a ticket can name them.

import { systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import { createSeal } from "../src/ca/seal.ts";
import { createTicketKeyring, rotateTicketKeys } from "../src/monitor-api/ticket-keyring.ts";

const database = await useDatabase({ poolSize: 12 });
const { kysely } = database;
const random = systemRandom;
const seal = createSeal({ masterKey: new Uint8Array(32).fill(7), random });

beforeEach(async () => {
  await kysely.deleteFrom("ticket_keys").execute();
});

/** A replica that has just started; `later` moves its clock. */
function startReplica(
  options: { readonly sealed?: boolean; readonly later?: { ns: bigint } } = {},
): ReturnType<typeof createTicketKeyring> {
  const { sealed = true, later = { ns: 0n } } = options;
  const clock = { ...systemClock, monotonicNs: () => systemClock.monotonicNs() + later.ns };
  return createTicketKeyring({ database, clock, random, seal: sealed ? seal : undefined });
}

async function versions(): Promise<readonly number[]> {
  const rows = await kysely
    .selectFrom("ticket_keys")
    .select("version")
    .orderBy("version")
    .execute();
  return rows.map(({ version }) => version);
}

async function ageKeys(hours: number): Promise<void> {
  await sql`update ticket_keys set created_at = created_at - make_interval(hours => ${hours}::int)`.execute(
    kysely,
  );
}

describe("ticket keys", () => {
  test("ten replicas that start at once on an empty database have one", async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => startReplica().current()));
    expect(new Set(keys.map(({ key }) => Buffer.from(key).toString("hex"))).size).toBe(1);
    expect(await versions()).toEqual([1]);
  });

  test("lie sealed in the database, and are 32 bytes when opened", async () => {
    const { key } = await startReplica().current();
    expect(key).toHaveLength(32);
    const row = await kysely.selectFrom("ticket_keys").selectAll().executeTakeFirstOrThrow();
    expect(row.sealed).toBe(true);
    expect(Buffer.from(row.key).includes(Buffer.from(key))).toBe(false);
  });

  test("a replica without the master key says what it lacks, and makes no key of its own", async () => {
    await startReplica().current();
    await expect(startReplica({ sealed: false }).current()).rejects.toMatchObject({
      code: "master_key_wrong",
      message: expect.stringContaining("secrets.master_key_file") as string,
    });
    expect(await versions()).toEqual([1]);
  });

  test("a key that was moved to another version does not open there", async () => {
    await startReplica().current();
    await sql`update ticket_keys set version = 2`.execute(kysely);
    await expect(startReplica().current()).rejects.toMatchObject({ code: "internal" });
  });
});

describe("the rotation", () => {
  test("leaves a young key alone", async () => {
    await startReplica().current();
    await rotateTicketKeys({ database, random, seal });
    expect(await versions()).toEqual([1]);
  });

  test("makes one new key after a day, however many do so at once; tickets of the old one hold", async () => {
    const later = { ns: 0n };
    const replica = startReplica({ later });
    const first = await replica.current();
    await ageKeys(25);
    await Promise.all(
      Array.from({ length: 8 }, () => rotateTicketKeys({ database, random, seal })),
    );
    expect(await versions()).toEqual([1, 2]);
    expect((await replica.current()).version).toBe(1);
    later.ns = 601_000_000_000n;
    expect((await replica.current()).version).toBe(2);
    expect(await startReplica().byVersion(1)).toEqual(first);
  });

  test("drops a key two days after it was superseded, and never the newest", async () => {
    await startReplica().current();
    await ageKeys(25);
    await rotateTicketKeys({ database, random, seal });
    await ageKeys(47);
    await rotateTicketKeys({ database, random, seal });
    expect(await versions()).toEqual([1, 2, 3]);
    await ageKeys(2);
    await rotateTicketKeys({ database, random, seal });
    expect(await versions()).toEqual([2, 3]);
    expect(await startReplica().byVersion(1)).toBeUndefined();
  });

  test("replaces a key that lies open as soon as there is a master key", async () => {
    await startReplica({ sealed: false }).current();
    expect((await startReplica().current()).version).toBe(1);
    await rotateTicketKeys({ database, random, seal });
    expect((await startReplica().current()).version).toBe(2);
    const sealed = await kysely
      .selectFrom("ticket_keys")
      .select("sealed")
      .orderBy("version")
      .execute();
    expect(sealed.map((row) => row.sealed)).toEqual([false, true]);
  });
});
