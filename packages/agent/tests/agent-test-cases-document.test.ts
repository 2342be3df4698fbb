// docs/reference/agent-test-cases.md names a test for each case of the NTP Pool's agent. That those tests exist is a rule
// of tools/tidy.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const CASES = 94;
const DEFECTS = 35;
/** That its test documentation names. */
const DOCUMENTED = 59;

interface Row {
  readonly key: string;
  readonly cells: readonly string[];
}

const rows: readonly Row[] = readFileSync(join(ROOT, "docs/reference/agent-test-cases.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim()))
  .map((cells) => ({ key: cells[0] ?? "", cells }));

const NAMED = /`(?<file>[^`]+\.test\.tsx?)`: (?<name>.+)$/;

describe("the table of test cases", () => {
  test("has each of the 94 cases and each of the 35 defects once", () => {
    const keys = rows.map(({ key }) => key);
    const numbers = Array.from({ length: CASES }, (_, index) => `${index + 1}`);
    const defects = Array.from({ length: DEFECTS }, (_, index) => `10.A.${index + 1}`);
    for (const key of [...numbers, ...defects]) {
      expect(`${key}: ${keys.filter((other) => other === key).length}`).toBe(`${key}: 1`);
    }
  });

  test("finds a row for each case that the test documentation names", () => {
    const named = rows.filter(({ key }) => key.startsWith("`Test"));
    expect(new Set(named.map(({ key }) => key)).size).toBe(DOCUMENTED);
    const keys = new Set(rows.map(({ key }) => key));
    expect(named.filter(({ cells }) => !keys.has(cells[1] ?? "")).map(({ key }) => key)).toEqual(
      [],
    );
  });

  test("says for each case and each defect where it is held, or why no test can", () => {
    const without = rows
      .filter(({ key }) => /^(10\.A\.)?\d+$/.test(key))
      .filter(({ cells }) => !cells.some((cell) => NAMED.test(cell) || cell.startsWith("none: ")))
      .map(({ key }) => key);
    expect(without).toEqual([]);
  });
});
