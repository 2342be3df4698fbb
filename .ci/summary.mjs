// What passed only when it was tried again, with its first error: a mistake of the test or of what it tests, which is to be
// found. Then the last line of a run: `N passed, N failed, N skipped`, from the test runner's own report. A file that fails
// outside of its tests (it cannot be loaded, or a hook of it fails) counts as one failure. Exits with 1 when anything failed.

import { readFileSync } from "node:fs";
import { relative } from "node:path";

const run = readReport(process.argv[2] ?? "");
for (const { name, error } of secondTries(run)) {
  console.log(`ci: passed only when it was tried again: ${name}: ${error}`);
}
const { passed, failed, skipped } = count(run);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

/** @param {string} path */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined; // the runner did not get as far as a report
  }
}

/**
 * @param {{testResults: {name: string, assertionResults: {status: string, fullName: string, failureMessages: string[]}[]}[]} | undefined} report
 */
function secondTries(report) {
  return (report?.testResults ?? []).flatMap(({ name: file, assertionResults }) =>
    assertionResults.flatMap(({ status, fullName, failureMessages }) => {
      const [first = ""] = failureMessages;
      if (status !== "passed" || failureMessages.length === 0) return [];
      return [
        { name: `${relative(process.cwd(), file)} ${fullName}`, error: first.split("\n")[0] },
      ];
    }),
  );
}

/**
 * @param {{numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: {status: string, assertionResults: {status: string}[]}[]} | undefined} report
 */
function count(report) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
