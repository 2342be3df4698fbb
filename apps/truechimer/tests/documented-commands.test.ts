// Each `truechimer …` of the documents and of the help's own examples is one that the program takes.

import { systemClock, systemRandom } from "@truechimer/base";
import type { Command } from "commander";
import { CommanderError } from "commander";
import { expect, test } from "vitest";
import type { CliContext } from "../src/cli-context.ts";
import { createStyle } from "../src/output/style.ts";
import { createProgram } from "../src/program.ts";
import {
  type DocumentedCommand,
  documentedCommands,
  readDocuments,
  shellWords,
} from "./_documents.ts";

const documents = await readDocuments();
const commands = [...documents].flatMap(([document, text]) => documentedCommands(document, text));

test("the documents have commands", () => {
  expect(commands.filter(({ whole }) => whole).length).toBeGreaterThan(10);
});

test.each(commands)("$document:$line truechimer $words", async ({ words, whole }) => {
  expect(await problemOf(words, whole)).toBeUndefined();
});

test.each(examplesOf(quietProgram()))(
  "an example of the help: truechimer $words",
  async ({ words }) => {
    expect(await problemOf(words, true)).toBeUndefined();
  },
);

test.each([
  ["servers", "sho", "x"],
  ["servers", "show"],
  ["servers", "show", "x", "--colour"],
])("what is none is found: %s %s", async (...words) => {
  expect(await problemOf(words, true)).toBeDefined();
});

/** What may be wrong with a command in a sentence: a name alone, or one with words that stand for others. */
const LEFT_OPEN: ReadonlySet<string> = new Set([
  "commander.help",
  "commander.missingArgument",
  "commander.invalidArgument",
]);

/** What the program has against it. A name alone is taken where it is the name of a command. */
async function problemOf(words: readonly string[], whole: boolean): Promise<string | undefined> {
  const program = quietProgram();
  doNothing(program);
  try {
    await program.parseAsync([...words], { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || (!whole && LEFT_OPEN.has(error.code))) return undefined;
    return error.message;
  }
}

function quietProgram(): Command {
  const context: CliContext = {
    env: {},
    stdout: () => undefined,
    stderr: () => undefined,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    style: createStyle(false),
    errorStyle: createStyle(false),
    clock: systemClock,
    random: systemRandom,
    stopSignal: () => new AbortController().signal,
  };
  return createProgram(context, () => undefined);
}

/** Words are read as ever, and then nothing is done. */
function doNothing(command: Command): void {
  if (command.commands.length === 0) command.action(() => refuseExcess(command));
  for (const each of command.commands) doNothing(each);
}

/** A list that a group shows by itself takes any word, and says in its action that it is none of its commands. */
function refuseExcess({ args, registeredArguments }: Command): void {
  const takesAny = registeredArguments.some(({ variadic }) => variadic);
  if (!takesAny && args.length > registeredArguments.length) {
    throw new CommanderError(1, "commander.excessArguments", `no command: ${args.join(" ")}`);
  }
}

function examplesOf(program: Command): readonly Pick<DocumentedCommand, "words">[] {
  let help = "";
  const read = (command: Command): void => {
    command.configureOutput({ writeOut: (text) => void (help += text) });
    command.outputHelp();
    for (const each of command.commands) read(each);
  };
  read(program);
  const typed = [...help.matchAll(/^ *\$ truechimer (.*?)(?: {2,}.*)?$/gm)];
  return typed.map(([, words = ""]) => ({ words: shellWords(words) }));
}
