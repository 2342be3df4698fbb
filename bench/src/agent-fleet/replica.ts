// One API replica as a process of its own: `node replica.ts URL`. Prints "ready" and the address of the agents' listener.
// Its parent asks "usage" and is told its processor time in microseconds and its resident bytes; when the parent goes, so
// does it.

import { createInterface } from "node:readline";
import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer } from "@truechimer/server";
import { FLEET_MASTER_KEY } from "./fleet-key.ts";

const [url = ""] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "bench replica" });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-bench",
  listen: { host: "127.0.0.1", port: 0 },
  masterKey: FLEET_MASTER_KEY,
  agents: { listen: { host: "127.0.0.1", port: 0 } },
  roles: ["api"],
});
await server.start();
process.stdout.write(`ready ${server.agentsUrl}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "usage") continue;
  const { user, system } = process.cpuUsage();
  process.stdout.write(`usage ${user + system} ${process.memoryUsage().rss}\n`);
}
process.exit(0);
