import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  FIELDS,
  FILTER_LIMITS,
  findField,
  readFilter,
  type Subject,
  writtenName,
} from "@truechimer/filter";
import { describe, expect, it } from "vitest";
import { fieldRows } from "./_field-table.ts";

const document = readFileSync(
  join(import.meta.dirname, "../../../docs/reference/filter.md"),
  "utf8",
);

/** The rows of the table below a heading. */
function rowsBelow(heading: string): readonly string[] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return section.split("\n").filter((line) => line.startsWith("| `"));
}

const SUBJECTS = Object.keys(FIELDS) as readonly Subject[];

describe("docs/reference/filter.md", () => {
  it.each(SUBJECTS)("has each field of %s, as the catalogue has it", (subject) => {
    const heading = `Fields of ${subject}`;
    expect(rowsBelow(heading)).toEqual(fieldRows(subject));
  });

  it("has examples that are filters", () => {
    const examples = [
      ...document.matchAll(/^\| `([^`]+)` \| (servers|monitors|certificates|checks|events) \|/gm),
    ];
    expect(examples.length).toBeGreaterThan(8);
    for (const [, text = "", subject] of examples) {
      const read = readFilter(text, { subject: subject as Subject, nowNs: 0n });
      expect({ text, problem: read.ok ? "" : read.error }).toEqual({ text, problem: "" });
    }
  });

  it("has the limits", () => {
    for (const limit of Object.values(FILTER_LIMITS))
      expect(document).toContain(limit.toLocaleString("en"));
  });
});

describe("the catalogue", () => {
  it.each(SUBJECTS)(
    "of %s finds each field by its written and its full name, and its example can be read",
    (subject) => {
      const names = new Set<string>();
      for (const field of FIELDS[subject]) {
        const name = writtenName(field, subject);
        expect(findField(subject, name)).toBe(field);
        expect(findField(subject, field.name)).toBe(field);
        names.add(name);
        const read = readFilter(name + field.example, {
          subject,
          nowNs: 1_795_896_000_000_000_000n,
        });
        expect({ name, problem: read.ok ? "" : read.error }).toEqual({ name, problem: "" });
      }
      expect(names.size).toBe(FIELDS[subject].length);
    },
  );
});
