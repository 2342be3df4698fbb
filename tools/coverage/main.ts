// `npm run coverage`: holds what the last `npm test -- --coverage` reached against the floors. `-- --raise` writes down
// what has been gained; nothing here lowers a floor.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type CoverageReport,
  type Floors,
  judgeCoverage,
  measure,
  raisedFloors,
} from "./judge-coverage.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const reportFile = join(root, "coverage", "coverage-summary.json");
const floorsFile = join(root, "tools", "coverage", "floors.json");

const report = await readReport();
if (report === undefined) {
  process.stderr.write("coverage: there is no report: run `npm test -- --coverage` first\n");
  process.exitCode = 1;
} else {
  const floors = JSON.parse(await readFile(floorsFile, "utf8")) as Floors;
  const measured = measure(report, root);
  if (process.argv.includes("--raise")) {
    const raised = raisedFloors(measured, floors);
    await writeFile(floorsFile, `${JSON.stringify(raised, null, 2)}\n`);
  } else {
    const { lines, failed } = judgeCoverage(measured, floors);
    process.stdout.write(`${lines.join("\n")}\n`);
    if (failed) process.exitCode = 1;
  }
}

async function readReport(): Promise<CoverageReport | undefined> {
  try {
    return JSON.parse(await readFile(reportFile, "utf8")) as CoverageReport;
  } catch {
    return undefined;
  }
}
