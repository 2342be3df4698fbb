import { connect, createServer, type Socket } from "node:net";
import { useDatabase } from "@truechimer/testing-postgres";
import { type Kysely, sql } from "kysely";
import { expect, test } from "vitest";
import { allOf, createDatabase, inPipelinedTransaction, type Schema } from "../src/index.ts";

const database = await useDatabase();

await database.pool.query("create table kept (value int primary key)");

function keep(transaction: Kysely<Schema>, value: number): Promise<unknown> {
  return sql`insert into kept (value) values (${value})`.execute(transaction);
}

async function listen(
  onConnection: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(onConnection).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function keptValues(below: number): Promise<readonly number[]> {
  const { rows } = await database.pool.query<{ value: number }>(
    "select value from kept where value between $1 and $2 order by value",
    [below - 100, below - 1],
  );
  return rows.map(({ value }) => value);
}

test("statements are carried out in the order in which they are started, in one transaction", async () => {
  const answers = await inPipelinedTransaction(database, async (transaction) => {
    const started = Array.from({ length: 20 }, (_, place) =>
      sql<{ place: number; number: bigint; before: bigint }>`
        with now as (insert into kept (value) values (${place}) returning value)
        select ${place}::int as place, pg_current_xact_id()::text::int8 as number,
          (select count(*) from kept where value < 100) as before`.execute(transaction),
    );
    return await allOf(started);
  });
  const rows = answers.flatMap((answer) => answer.rows);
  expect(rows.map(({ place }) => place)).toEqual(Array.from({ length: 20 }, (_, place) => place));
  expect(rows.map(({ before }) => Number(before))).toEqual(rows.map(({ place }) => place));
  expect(new Set(rows.map(({ number }) => number)).size).toBe(1);
});

test("a statement is sent before those ahead of it are answered", async () => {
  const sent = Promise.withResolvers<void>();
  const { hostname, port } = new URL(database.url);
  await using proxy = await listen((socket) => {
    const onwards = connect(Number(port), hostname);
    socket.on("data", (bytes) => {
      if (bytes.includes("select 'the second'")) sent.resolve();
    });
    socket.pipe(onwards).pipe(socket);
    for (const end of [socket, onwards]) end.on("error", () => undefined);
  });
  const url = new URL(database.url);
  url.port = String(proxy.port);
  await using behindProxy = await createDatabase({ url: url.href, applicationName: "pipelined" });
  const holder = await database.pool.connect();
  await holder.query("begin");
  await holder.query("select pg_advisory_xact_lock(4711)");
  const answered = inPipelinedTransaction(behindProxy, async (transaction) => {
    const started = [
      sql`select pg_advisory_xact_lock(4711)`.execute(transaction),
      sql`select 'the second'`.execute(transaction),
    ];
    // The lock is held until then, so that the first has no answer.
    await sent.promise;
    await holder.query("rollback");
    return (await allOf(started)).length;
  });
  expect(await answered).toBe(2);
  holder.release();
});

test("one that fails takes all with it, and is what the caller is told", async () => {
  const failing = inPipelinedTransaction(database, async (transaction) => {
    await allOf([
      keep(transaction, 200),
      sql`select 1 / 0`.execute(transaction),
      keep(transaction, 201),
    ]);
  });
  await expect(failing).rejects.toThrow("division by zero");
  expect(await keptValues(300)).toEqual([]);
});

test("a failure that nobody waits for keeps the transaction from being called committed", async () => {
  const careless = inPipelinedTransaction(database, async (transaction) => {
    sql`select 1 / 0`.execute(transaction).catch(() => undefined);
    await keep(transaction, 300).catch(() => undefined);
  });
  await expect(careless).rejects.toThrow("ROLLBACK");
  expect(await keptValues(400)).toEqual([]);
});

test("the connection serves the next transaction, also after a failure", async () => {
  for (const value of [400, 401, 402, 403]) {
    await inPipelinedTransaction(database, async (transaction) => {
      await keep(transaction, value);
      if (value === 401) throw new Error("not this one");
    }).catch(() => undefined);
  }
  expect(await keptValues(500)).toEqual([400, 402, 403]);
});

test("a session that ends in the middle fails its transaction, and a new one is opened", async () => {
  const killed = inPipelinedTransaction(database, async (transaction) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(
      transaction,
    );
    await database.pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    await allOf([keep(transaction, 500), keep(transaction, 501)]);
  });
  await expect(killed).rejects.toMatchObject({ code: expect.any(String) as string });
  await inPipelinedTransaction(database, (transaction) => keep(transaction, 502));
  expect(await keptValues(600)).toEqual([502]);
});

test("one that PostgreSQL ends for a concurrent one is run anew", async () => {
  let attempts = 0;
  await inPipelinedTransaction(database, async (transaction) => {
    attempts += 1;
    if (attempts === 1)
      await sql`do $$ begin raise exception using errcode = '40P01'; end $$`.execute(transaction);
    await keep(transaction, 600);
  });
  expect(attempts).toBe(2);
  expect(await keptValues(700)).toEqual([600]);
});

test("what fails first is told, once nothing is under way any more", async () => {
  const slow = Promise.withResolvers<string>();
  const failing = Promise.withResolvers<string>();
  let isTold = false;
  const all = allOf([slow.promise, failing.promise]).finally(() => {
    isTold = true;
  });
  all.catch(() => undefined);
  failing.reject(new Error("the cause"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isTold).toBe(false);
  slow.reject(new Error("the transaction is aborted"));
  await expect(all).rejects.toThrow("the cause");
});

test("work's own failure is told, also where the session has ended meanwhile", async () => {
  const failing = inPipelinedTransaction(database, async (transaction) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(
      transaction,
    );
    await database.pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    throw new Error("out of order");
  });
  await expect(failing).rejects.toThrow("out of order");
  await inPipelinedTransaction(database, (transaction) => keep(transaction, 700));
  expect(await keptValues(800)).toEqual([700]);
});
