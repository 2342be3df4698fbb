// The one entry of every npm script: makes this clone ready, then hands over to the pinned Node.
//
// Runs on whatever Node the host has (20 or later), so it is plain JavaScript and imports nothing that npm installs.
// The set-up is part of the script and not a `pre…` hook, because npm skips hooks under `ignore-scripts`.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { commandNames, findCommand } from "./setup/commands.mjs";
import { handOver, runSteps } from "./setup/launch.mjs";
import { SetUpError, say } from "./setup/say.mjs";
import { setUp } from "./setup/set-up.mjs";

const NODE_MAJOR_MIN = 20;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name = "", ...args] = process.argv.slice(2);

try {
  await main();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function main() {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    throw new SetUpError(
      `Node ${process.versions.node} is too old to set this up: install Node ${NODE_MAJOR_MIN} or later and run the same command again`,
    );
  }
  const command = findCommand(name);
  if (command === undefined) {
    say(`unknown command "${name}": one of ${commandNames().join(", ")}`);
    process.exitCode = 2;
    return;
  }
  const host = await setUp(root, { needs: command.needs(args), scope: command.scope });
  const steps = command.steps({ root, args });
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) return await handOver(host, only);
  process.exitCode = await runSteps(host, steps);
}
