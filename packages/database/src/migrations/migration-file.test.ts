import { describe, expect, test } from "vitest";
import { MIGRATIONS_DIRECTORY, parseMigrationFile, readMigrationFiles } from "./migration-file.ts";

const NAME = "0001_create_x.sql";
const checksum = (text: string): string => parseMigrationFile(NAME, text).checksum;

test("a file's version is its name, and its kind the first line", () => {
  expect(parseMigrationFile("0042_drop_old.sql", "-- contract\ndrop table old;\n")).toMatchObject({
    version: "0042_drop_old",
    number: 42,
    kind: "contract",
  });
});

test("line ends of Windows are no change, anything else is", () => {
  expect(checksum("-- expand\r\nselect 1;\r\n")).toBe(checksum("-- expand\nselect 1;\n"));
  expect(checksum("-- expand\nselect 1; \n")).not.toBe(checksum("-- expand\nselect 1;\n"));
});

describe("what is refused", () => {
  test.each([
    { name: "1_x.sql", text: "-- expand\n", message: /is not named like 0001_create_servers\.sql/ },
    { name: "0001-x.sql", text: "-- expand\n", message: /is not named like/ },
    {
      name: NAME,
      text: "create table x ();\n",
      message: /does not begin with the line "-- expand"/,
    },
    { name: NAME, text: "", message: /does not begin with the line/ },
    {
      name: NAME,
      text: "-- expand\nselect 1;\ncommit;\n",
      message: /begins or ends a transaction/,
    },
    { name: NAME, text: "-- expand\n  BEGIN ;\n", message: /begins or ends a transaction/ },
    {
      name: NAME,
      text: "-- expand\nstart transaction;\n",
      message: /begins or ends a transaction/,
    },
  ])("$name $text", ({ name, text, message }) => {
    expect(() => parseMigrationFile(name, text)).toThrow(message);
  });

  test("a directory that is not there", () => {
    expect(() => readMigrationFiles("/nowhere/at all")).toThrow(/the installation is incomplete/);
  });
});

test("a block of PL/pgSQL is no transaction", () => {
  expect(() =>
    parseMigrationFile(NAME, "-- expand\ndo $$\nbegin\n  perform 1;\nend $$;\n"),
  ).not.toThrow();
});

test("the files that we ship keep to the rules", () => {
  expect(readMigrationFiles(MIGRATIONS_DIRECTORY)[0]?.version).toBe("0001_create_foundation");
});
