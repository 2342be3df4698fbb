import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseDefaults, withDefaultsFile } from "./defaults-file.ts";

test.each([
  { name: "a bare value", line: "A=b", value: "b" },
  { name: "blanks around name and value", line: "  A = b ", value: "b" },
  { name: "an equals sign within the value", line: "A=b=c", value: "b=c" },
  { name: "a comment after the value", line: "A=b # why", value: "b" },
  { name: "a hash that is no comment", line: "A=b#c", value: "b#c" },
  { name: "double quotes", line: `A="b c"`, value: "b c" },
  {
    name: "double quotes with an escape",
    line: String.raw`A="b \"c\" \\ \n"`,
    value: 'b "c" \\ \\n',
  },
  {
    name: "single quotes, in which nothing is special",
    line: String.raw`A='b \ "c" # d'`,
    value: 'b \\ "c" # d',
  },
  { name: "quotes with a comment behind", line: `A="b" # why`, value: "b" },
  { name: "export", line: "export A=b", value: "b" },
  { name: "nothing", line: "A=", value: "" },
  { name: "nothing but a comment", line: "A= # later", value: "" },
  { name: "an empty text in quotes", line: 'A=""', value: "" },
  { name: "a line end of Windows", line: "A=b\r", value: "b" },
  { name: "blanks within a bare value", line: "A=b c", value: "b c" },
])("a defaults file may have $name", ({ line, value }) => {
  expect(parseDefaults(`# comment\n\n${line}\n;other\n#B=c\n`, "file")).toEqual({ A: value });
});

test.each(["A", "A b", "1A=b", 'A="b', "A='b", 'A=b"c', "=b"])(
  "%j is a mistake that names file and line, and shows nothing of it",
  (line) => {
    const parse = (): unknown => parseDefaults(`# first\n${line}\n`, "/etc/default/x");
    expect(parse).toThrow(/^\/etc\/default\/x, line 2: expected NAME=value/);
  },
);

async function useFile(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-defaults-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "defaults");
  await writeFile(path, text);
  return path;
}

test("what is set in the environment, even to nothing, wins over the file", async () => {
  const file = await useFile("A=file\nB=file\nC=file\n");
  const environment = { TRUECHIMER_AGENT_DEFAULTS: file, A: "environment", B: "" };
  expect(await withDefaultsFile(environment)).toEqual({ ...environment, C: "file" });
});

test("a file that is named and missing is an error, the usual one may be missing", async () => {
  const missing = withDefaultsFile({ TRUECHIMER_AGENT_DEFAULTS: "/nowhere/defaults" });
  await expect(missing).rejects.toThrow(/^\/nowhere\/defaults cannot be read \(ENOENT\)/);
});

test("a file that is no text of settings is refused by its size", async () => {
  const file = await useFile("A".repeat(70_000));
  const reading = withDefaultsFile({ TRUECHIMER_AGENT_DEFAULTS: file });
  await expect(reading).rejects.toThrow(/has 70000 characters/);
});

test("what cannot be read is told with the system's reason", async () => {
  const reading = withDefaultsFile({ TRUECHIMER_AGENT_DEFAULTS: tmpdir() });
  await expect(reading).rejects.toThrow(/cannot be read \(EISDIR\): give this user the right/);
});
