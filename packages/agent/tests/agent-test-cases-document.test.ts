// docs/reference/agent-test-cases.md names a test for each case of the NTP Pool's agent. A name that no test has would be
// worse than none.

import { existsSync, readFileSync } from "node:fs";
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

/** The first argument of a call, such as `test("…"` or `test.each(cases)("…"`, and no word of a comment. */
function hasTitle(source: string, name: string): boolean {
  return [`"${name}"`, `'${name}'`, `\`${name}\``].some((title) =>
    new RegExp(String.raw`\(\s*${RegExp.escape(title)}`).test(source),
  );
}

describe("the table of test cases", () => {
  test("has each of the 94 cases and each of the 35 defects once", () => {
    const keys = rows.map(({ key }) => key);
    const numbers = Array.from({ length: CASES }, (_, index) => `${index + 1}`);
    const defects = Array.from({ length: DEFECTS }, (_, index) => `10.A.${index + 1}`);
    for (const key of [...numbers, ...defects]) {
      expect(`${key}: ${keys.filter((other) => other === key).length}`).toBe(`${key}: 1`);
    }
  });

  test("names only tests that exist, by the whole of their titles", () => {
    const missing = rows.flatMap(({ key, cells }) =>
      cells.flatMap((cell) => {
        const { file = "", name = "" } = NAMED.exec(cell)?.groups ?? {};
        if (file === "") return [];
        const path = join(ROOT, file);
        const found = existsSync(path) && hasTitle(readFileSync(path, "utf8"), name);
        return found ? [] : [`${key}: ${file}: ${name}`];
      }),
    );
    expect(missing).toEqual([]);
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
