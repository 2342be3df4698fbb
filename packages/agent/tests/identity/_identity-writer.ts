// Replaces the state and the pair of a directory as fast as it can, until it is killed. Two pairs are given as files;
// each round the API key says which round it was. Also: `hold` takes the lock of a running agent and keeps it.

import { readFileSync } from "node:fs";
import { systemClock, systemRandom } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { parseCombinedPair } from "../../src/identity/certificate-pair.ts";
import { nodeFileSystem } from "../../src/identity/node-file-system.ts";
import { EMPTY_STATE } from "../../src/identity/state-file.ts";
import { createStateStore } from "../../src/identity/state-store.ts";

const [, , mode = "", directory = "", ...pairFiles] = process.argv;
const store = createStateStore({
  directory,
  files: nodeFileSystem,
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
});

if (mode === "hold") {
  await store.lockForRun(process.pid);
  process.stdout.write("held\n");
  setInterval(() => {}, 60_000);
} else if (mode === "add") {
  for (let round = 0; round < 20; round += 1) {
    await store.changeState((state) => ({ ...state, name: `${state.name}x` }), EMPTY_STATE);
  }
} else {
  const pairs = pairFiles.map((path) => {
    const parsed = parseCombinedPair(readFileSync(path, "utf8"));
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
  process.stdout.write("writing\n");
  for (let round = 0; ; round += 1) {
    const pair = pairs[round % pairs.length];
    if (pair !== undefined) await store.storePair(pair);
    await store.changeState((state) => ({ ...state, apiKey: `round ${round}` }), EMPTY_STATE);
    process.stdout.write(`${round}\n`);
  }
}
