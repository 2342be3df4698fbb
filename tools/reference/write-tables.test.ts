import { expect, test } from "vitest";
import { withTables } from "./write-tables.ts";

const marks = (name: string, content: string): string =>
  `<!-- ${name}: written by npm run reference -->\n${content}\n<!-- end of ${name} -->\n`;
const ROWS = [
  { key: "listen.port", value: "whole number", default: "`8123`", meaning: "the port" },
  { key: "limits.x.max", value: "whole number", default: "`1`", meaning: "a limit" },
  { variable: "TRUECHIMER_PORT", sets: "`listen.port`" },
];

test("each table is written anew between its marks, and what is around them stays", () => {
  const document = `intro\n${marks("keys", "old")}between\n${marks("limits", "")}${marks("environment", "x")}end\n`;
  const written = withTables(document, ROWS);
  expect(written).toContain(
    "| key | value | default | meaning |\n| --- | --- | --- | --- |\n| `listen.port` | whole number | `8123` | the port |\n<!-- end of keys -->\nbetween\n",
  );
  expect(written).toContain(
    "| `TRUECHIMER_PORT` | `listen.port` |\n<!-- end of environment -->\nend\n",
  );
  expect(written).not.toContain("old");
  expect(withTables(written, ROWS)).toBe(written);
});

test("a document without its marks is refused", () => {
  expect(() => withTables(marks("keys", "x"), ROWS)).toThrow(/lacks a mark: expected "<!-- limits/);
});
