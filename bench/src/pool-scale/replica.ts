// One API replica as a process of its own: `node replica.ts URL SIZE`. Prints "ready" and the address of the agents'
// listener. Its parent asks "usage" and is told its processor time in microseconds; when the parent goes, so does it.

import { createInterface } from "node:readline";
import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer, POOL_POLICY } from "@truechimer/server";
import { BENCH_MASTER_KEY } from "./bench-key.ts";
import { POOL_SIZES } from "./pool-size.ts";

const [url = "", sizeName = ""] = process.argv.slice(2);
const size = POOL_SIZES.find(({ name }) => name === sizeName);
if (size === undefined) throw new RangeError(`there is no size "${sizeName}"`);

const database = await createDatabase({ url, applicationName: "bench replica", poolSize: 10 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-bench",
  listen: { host: "127.0.0.1", port: 0 },
  policy: { ...POOL_POLICY, probe: size.probe },
  masterKey: BENCH_MASTER_KEY,
  agents: { listen: { host: "127.0.0.1", port: 0 } },
  roles: ["api"],
  // A hundred agents do the work of a thousand.
  rateLimits: { agent_calls: { max: 1_000_000_000 } },
});
await server.start();
process.stdout.write(`ready ${server.agentsUrl}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "usage") continue;
  const { user, system } = process.cpuUsage();
  process.stdout.write(`usage ${user + system}\n`);
}
process.exit(0);
