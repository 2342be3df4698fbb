// The control plane whose live feed is measured, as a process of its own: `node live-process.ts URL KEY`. Prints "ready" and
// its address. Its parent asks "usage" and is told its processor time in microseconds; when the parent goes, so does it.

import { createInterface } from "node:readline";
import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer } from "@truechimer/server";

const [url = "", key = ""] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "bench live", poolSize: 10 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-bench",
  listen: { host: "127.0.0.1", port: 0 },
  adminKeys: [key],
  roles: ["api"],
  history: {},
});
await server.start();
process.stdout.write(`ready ${server.url}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "usage") continue;
  const { user, system } = process.cpuUsage();
  process.stdout.write(`usage ${user + system}\n`);
}
process.exit(0);
