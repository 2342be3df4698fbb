// The control plane that is exported from, as a process of its own: `node control-plane.ts URL KEY`. Says "ready" and its
// address, and ends when its input does.

import { once } from "node:events";
import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer } from "@truechimer/server";

const [url = "", key = ""] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "bench export", poolSize: 4 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-bench",
  listen: { host: "127.0.0.1", port: 0 },
  adminKeys: [key],
  roles: ["api"],
});
await server.start();
process.stdout.write(`ready ${server.url}\n`);
await once(process.stdin.resume(), "end");
process.exit(0);
