// The tables of docs/reference/configuration.md, out of what the program itself says of its configuration. What stands around
// them is written by hand: each table is between two marks of its own.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** The reference, from the root of the repository. */
export const CONFIGURATION_REFERENCE = "docs/reference/configuration.md";

/** A line of `truechimer config reference --format json`. */
type Row = Readonly<Record<string, string>>;

/** Runs the program of the repository at `root`. */
export async function readConfigurationRows(root: string): Promise<readonly Row[]> {
  const main = join(root, "apps", "truechimer", "src", "main.ts");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=source", main, "config", "reference", "--format", "json"],
    { cwd: root, maxBuffer: 4 * 1024 * 1024 },
  );
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}

/** The document with its tables written anew. Fails when a mark is missing. */
export function withTables(document: string, rows: readonly Row[]): string {
  const keys = rows.filter(({ key }) => key !== undefined);
  const isLimit = ({ key = "" }: Row): boolean => key.startsWith("limits.");
  const columns = ["key", "value", "default", "meaning"];
  const tables: readonly (readonly [name: string, table: string])[] = [
    [
      "keys",
      table(
        columns,
        keys.filter((row) => !isLimit(row)),
      ),
    ],
    ["limits", table(columns, keys.filter(isLimit))],
    [
      "environment",
      table(
        ["variable", "sets"],
        rows.filter(({ variable }) => variable !== undefined),
      ),
    ],
  ];
  return tables.reduce((text, [name, content]) => replaced(text, name, content), document);
}

function table(columns: readonly string[], rows: readonly Row[]): string {
  const cells = rows.map((row) =>
    columns.map((column, at) => (at === 0 ? `\`${row[column]}\`` : (row[column] ?? ""))),
  );
  return [columns, columns.map(() => "---"), ...cells]
    .map((each) => `| ${each.join(" | ")} |`)
    .join("\n");
}

function replaced(document: string, name: string, content: string): string {
  const from = `<!-- ${name}: written by npm run reference -->\n`;
  const to = `\n<!-- end of ${name} -->`;
  const start = document.indexOf(from);
  const end = document.indexOf(to, start);
  if (start < 0 || end < 0) {
    throw new Error(
      `${CONFIGURATION_REFERENCE} lacks a mark: expected "${from.trim()}" and "${to.trim()}"`,
    );
  }
  return `${document.slice(0, start + from.length)}${content}${document.slice(end)}`;
}
