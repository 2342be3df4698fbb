// One scorer process: `node scorer-process.ts URL`. Says "ready" when it has begun; answers "usage" with the processor time
// that it has used, in microseconds. Ends when its standard input does, and hands its shards back.

import { createInterface } from "node:readline";
import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer } from "@truechimer/server";

const [url = ""] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "scorer", poolSize: 6 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-bench",
  listen: { host: "127.0.0.1", port: 0 },
  roles: ["scorer"],
});
await server.start();
process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "usage") continue;
  const { user, system } = process.cpuUsage();
  process.stdout.write(`usage ${user + system}\n`);
}
await server[Symbol.asyncDispose]();
await database[Symbol.asyncDispose]();
