// The tables of exports: sound, and described as they are.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { EXPORT_TABLES } from "./export-tables.ts";

const reference = readFileSync(new URL("../../../docs/reference/api.md", import.meta.url), "utf8");

describe.each(Object.entries(EXPORT_TABLES))("%s", (name, { columns, key, filter }) => {
  test("has every column once, and its key among them, never null", () => {
    const names = columns.map((column) => column.name);
    expect(new Set(names).size).toBe(names.length);
    for (const part of key)
      expect(columns).toContainEqual(expect.objectContaining({ name: part, nullable: false }));
  });

  test("is in the reference, with its key, its filter and its columns in their order", () => {
    expect(reference).toContain(
      `\`${key.join(",")}\` | ${filter === undefined ? "" : `${filter} `}|`,
    );
    const rows = columns.map(
      ({ name: column, type, nullable, meaning }) =>
        `| \`${column}\` | ${type}${nullable ? ", or unknown" : ""} | ${meaning} |`,
    );
    expect(reference).toContain(
      [`| \`${name}\` | type | what |`, "| --- | --- | --- |", ...rows].join("\n"),
    );
  });
});
