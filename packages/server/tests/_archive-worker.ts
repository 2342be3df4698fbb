// A worker as a process of its own that does nothing but send to an archive, in small pages: `node _archive-worker.ts DATABASE CLICKHOUSE`.
// SIGTERM stops it in order.

import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { archiveLoop } from "../src/archive/archive-loop.ts";
import { createClickHouseArchive } from "../src/archive/clickhouse/clickhouse-archive.ts";
import { ARCHIVE_LIMITS } from "../src/archive/run-archive.ts";
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
  loops: [
    archiveLoop(createClickHouseArchive({ url: clickhouseUrl }, systemClock), {
      ...ARCHIVE_LIMITS,
      resultsAPage: 2_000,
    }),
  ],
  jobTiming: { pollMs: 50, heartbeatMs: 100, deadAfterMs: 700, graceMs: 200 },
});
await server.start();
process.once("SIGTERM", () => {
  void server[Symbol.asyncDispose]()
    .then(() => database[Symbol.asyncDispose]())
    .then(() => process.exit(0));
});
process.stdin.resume().once("end", () => process.exit(1));
