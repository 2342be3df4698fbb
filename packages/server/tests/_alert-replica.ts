// A worker that does nothing but alerts, as a process of its own: `node _alert-replica.ts URL`. Prints "ready"; lives until it is
// killed.

import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer, LOCAL_POLICY } from "../src/index.ts";
import { QUICK_LOOPS } from "./_alerts.ts";

const [url = ""] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "alert replica", poolSize: 5 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-test",
  listen: { host: "127.0.0.1", port: 0 },
  policy: LOCAL_POLICY,
  roles: ["worker"],
  loops: QUICK_LOOPS.filter(({ name }) => name.startsWith("alert_")),
  jobTiming: { pollMs: 50, heartbeatMs: 100, deadAfterMs: 700, graceMs: 200 },
});
await server.start();
process.stdout.write("ready\n");
process.stdin.resume().once("end", () => process.exit(0));
