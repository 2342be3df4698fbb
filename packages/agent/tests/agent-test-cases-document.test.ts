// docs/reference/agent-test-cases.md names a test for each case of the NTP Pool's agent. A name that no test has would be
// worse than none.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const CASES = 94;
const DEFECTS = 35;

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

  test("names only tests that exist, by the words that stand in their files", () => {
    const missing = rows.flatMap(({ key, cells }) =>
      cells.flatMap((cell) => {
        const { file = "", name = "" } = NAMED.exec(cell)?.groups ?? {};
        if (file === "") return [];
        const path = join(ROOT, file);
        const found = existsSync(path) && readFileSync(path, "utf8").includes(name);
        return found ? [] : [`${key}: ${file}: ${name}`];
      }),
    );
    expect(missing).toEqual([]);
  });

  test("says for each case and each defect where it is held, or why no test can", () => {
    const without = rows
      .filter(({ key }) => /^(10\.A\.)?\d+$/.test(key))
      .filter(({ cells }) => !cells.some((cell) => NAMED.test(cell) || cell.startsWith("none: ")))
      .map(({ key }) => key);
    expect(without).toEqual([]);
  });
});
