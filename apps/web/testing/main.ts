// Runs the fake for development: `npm run fake -w @truechimer/web`, then the address that it prints.

import { join } from "node:path";
import { startFakeServer } from "./fake-server.ts";

const port = Number(process.env["PORT"] ?? 8123);
const servers = Number(process.env["SERVERS"] ?? 12);
const fake = await startFakeServer({
  webRoot: join(import.meta.dirname, "..", "dist"),
  port,
  servers,
  dualStack: process.env["DUAL_STACK"] === "1",
  empty: process.env["EMPTY"] === "1",
});
fake.admin.sessionNeeded = process.env["SESSION"] === "1";
console.log(fake.url);
