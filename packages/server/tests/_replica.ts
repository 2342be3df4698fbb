// One replica of the control plane as a process of its own: `node _replica.ts URL ROLES`. Prints "ready" and the address
// of its listener, where it has one; lives until it is killed.

import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer, LOCAL_POLICY, type ServerRole } from "../src/index.ts";

const [url = "", roles = ""] = process.argv.slice(2);

/** Due again at once: the test gives the pace. */
const QUICK = {
  ...LOCAL_POLICY.probe,
  checkIntervalMs: 1,
  testingIntervalMs: 1,
  slowIntervalMs: 1,
  batchSize: 6,
};

const database = await createDatabase({ url, applicationName: `replica ${roles}`, poolSize: 5 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-test",
  listen: { host: "127.0.0.1", port: 0 },
  policy: { ...LOCAL_POLICY, probe: QUICK },
  masterKey: new Uint8Array(32).fill(3),
  roles: roles.split(",") as ServerRole[],
});
await server.start();
process.stdout.write(`ready ${roles.includes("api") ? server.url : "-"}\n`);
process.stdin.resume().once("end", () => process.exit(0));
