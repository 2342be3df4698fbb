// A worker as a process of its own: `node _worker.ts URL works|hangs`, with loops whose effects are rows of the table
// `effects`. Prints "ready REPLICA", and "in NAME" when a run of a loop that hangs has had its effect. SIGTERM stops it in
// order.

import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase, type Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { createServer } from "../src/index.ts";
import type { Loop } from "../src/loops/loop.ts";

const [url = "", behaviour = ""] = process.argv.slice(2);

const database = await createDatabase({ url, applicationName: "test worker", poolSize: 4 });

const act = async (name: string, kysely: Kysely<Schema>): Promise<void> => {
  await sql`insert into effects (name, process_id, begun_at)
    select name, ${process.pid}, last_run_at from loop_runs where name = ${name}`.execute(kysely);
  if (behaviour !== "hangs") return;
  process.stdout.write(`in ${name}\n`);
  await new Promise(() => undefined);
};

const LOOPS: readonly Loop[] = [
  {
    name: "once",
    class: "once_per_period",
    periodMs: 500,
    purpose: "does something that must not be done twice",
    run: (_context, { transaction }) => act("once", transaction),
  },
  {
    name: "plain",
    class: "idempotent",
    periodMs: 3_600_000,
    purpose: "does something that may be done twice",
    run: (context) => act("plain", context.database.kysely),
  },
];

const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-test",
  listen: { host: "127.0.0.1", port: 0 },
  roles: ["worker"],
  loops: LOOPS,
  jobTiming: { pollMs: 50, heartbeatMs: 100, deadAfterMs: 700, graceMs: 200 },
});
await server.start();
process.stdout.write("ready\n");
process.once("SIGTERM", () => {
  void server[Symbol.asyncDispose]()
    .then(() => database[Symbol.asyncDispose]())
    .then(() => process.exit(0));
});
process.stdin.resume().once("end", () => process.exit(1));
