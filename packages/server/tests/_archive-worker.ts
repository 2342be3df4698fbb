// A worker as a process of its own that does nothing but send to an archive: `node _archive-worker.ts DATABASE CLICKHOUSE`.
// SIGTERM stops it in order.

import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer } from "../src/index.ts";

const [url = "", clickhouseUrl = ""] = process.argv.slice(2);

const database = await createDatabase({ url, applicationName: "test archive worker", poolSize: 4 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-test",
  listen: { host: "127.0.0.1", port: 0 },
  roles: ["worker"],
  loops: [],
  archive: { url: clickhouseUrl },
  jobTiming: { pollMs: 50, heartbeatMs: 100, deadAfterMs: 700, graceMs: 200 },
});
await server.start();
process.once("SIGTERM", () => {
  void server[Symbol.asyncDispose]()
    .then(() => database[Symbol.asyncDispose]())
    .then(() => process.exit(0));
});
process.stdin.resume().once("end", () => process.exit(1));
