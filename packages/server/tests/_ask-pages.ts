// `node _ask-pages.ts URL`: a control plane that is asked for large pages of results, and by how many bytes what outlives the
// young generation has grown then. Their rows are those that the database has.

import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createServer, createToken } from "../src/index.ts";
import { RESULTS_LIMITS } from "../src/results/results-question.ts";

const PAGES = 40;
const COLLECT_AFTER_PAGES = 2;

const [url = ""] = process.argv.slice(2);
const collect = globalThis.gc;
if (collect === undefined) throw new Error("needs --expose-gc");
const database = await createDatabase({ url, applicationName: "ask pages" });
const key = createToken("tca_", systemRandom);
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-test",
  listen: { host: "127.0.0.1", port: 0 },
  adminKeys: [key],
  roles: ["api"],
});
await server.start();
await askForPage();
collect();
const before = bufferBytes();
let bytes = 0;
for (let page = 0; page < PAGES; page += 1) {
  bytes += await askForPage();
  if (page % COLLECT_AFTER_PAGES === 0) collect({ type: "minor" });
}
process.stdout.write(JSON.stringify({ bytes, grown: bufferBytes() - before }));
await server[Symbol.asyncDispose]();
await database[Symbol.asyncDispose]();

/** Its length, and nothing of it is kept. */
async function askForPage(): Promise<number> {
  const asked = httpRequest(`${server.url}/truechimer.admin.v1.AdminService/ListResults`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/proto" },
  });
  const question = create(adminV1.ListResultsRequestSchema, { pageSize: RESULTS_LIMITS.pageMax });
  asked.end(toBinary(adminV1.ListResultsRequestSchema, question));
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`answered with ${answer.statusCode}`);
  let length = 0;
  answer.on("data", (chunk: Buffer) => {
    length += chunk.length;
  });
  await once(answer, "end");
  return length;
}

function bufferBytes(): number {
  return process.memoryUsage().arrayBuffers;
}
