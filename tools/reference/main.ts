// `npm run reference`: writes the tables of the configuration's reference anew.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CONFIGURATION_REFERENCE, readConfigurationRows, withTables } from "./write-tables.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const file = join(root, CONFIGURATION_REFERENCE);
const before = await readFile(file, "utf8");
const after = withTables(before, await readConfigurationRows(root));
if (after !== before) await writeFile(file, after);
process.stdout.write(`${CONFIGURATION_REFERENCE} ${after === before ? "was" : "is"} up to date\n`);
