// `npm run check` ends here: prints what breaks a house rule and fails, or prints places to look and does not.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describeLongest } from "./longest.ts";
import { readRepository } from "./repository.ts";
import { findAll } from "./rules.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const repository = await readRepository(root);
const findings = await findAll(repository);
const lines = findings.length > 0 ? findings : describeLongest(repository);
process.stdout.write(`${lines.join("\n")}\n`);
if (findings.length > 0) {
  process.stdout.write(`${findings.length} findings\n`);
  process.exitCode = 1;
}
