// What a command needs to take its place in the program, and the options that several commands share.

import { AppError } from "@truechimer/base";
import { type Command, Option } from "commander";
import type { CliContext, OutputFormat } from "./cli-context.ts";
import { closest } from "./config/suggest.ts";
import type { ExitCode } from "./exit-code.ts";

export interface CommandHost {
  readonly program: Command;
  readonly context: CliContext;
  readonly finish: (code: ExitCode) => void;
}

export interface OutputOptions {
  readonly format?: OutputFormat;
  readonly json?: boolean;
}

/** Where the control plane is, and what opens it. */
export interface AddressOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
  readonly dataDir?: string;
}

export interface ConnectionOptions extends OutputOptions, AddressOptions {}

/** --format and --json. */
export function withOutputOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--format <form>", "human or json; by default human on a terminal").choices([
        "human",
        "json",
      ]),
    )
    .option("--json", "the same as --format json");
}

export function askedFormat(options: OutputOptions): OutputFormat | undefined {
  return options.json === true ? "json" : options.format;
}

/** How an administration command finds the running control plane. */
export function withConnectionOptions(command: Command): Command {
  return withAddressOptions(withOutputOptions(command));
}

/** For a command with forms of output of its own. */
export function withAddressOptions(command: Command): Command {
  return command
    .option("--url <address>", "the control plane; by default that of the data directory")
    .option("--key-file <file>", "file with an API key (mode 0600) for --url")
    .option(
      "--ca-file <file>",
      "PEM file with the root of a private authority whose certificate --url has",
    )
    .option("--data-dir <directory>", "data directory of the running `truechimer up`");
}

/** Examples below a command's help: what to type, and what it is good for. */
export function examples(
  ...lines: readonly (readonly [command: string, purpose: string])[]
): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  const rows = lines.map(([command, purpose]) => `  $ ${command.padEnd(width)}   ${purpose}`);
  return `\nExamples:\n${rows.join("\n")}\n`;
}

/** What to type for the help of a command or a group. */
function helpFor(command: Command): string {
  const parent = command.parent;
  return parent === null ? `${command.name()} help` : `${typedName(parent)} help ${command.name()}`;
}

/** How a command is typed, from the program's name on: "truechimer agent run". */
export function typedName(command: Command): string {
  const parent = command.parent;
  return parent === null ? command.name() : `${typedName(parent)} ${command.name()}`;
}

/**
 * For a command that also runs when its group is named alone: what follows is no argument of it, but most likely a
 * mistyped command of the group. (Commander would not notice: it hands every word to the default command.)
 */
export function refuseWords(command: Command): void {
  const word = command.args[0];
  const group = command.parent;
  if (word === undefined || group === null) return;
  const names = group
    .createHelp()
    .visibleCommands(group)
    .map((each) => each.name());
  const nearest = closest(word, names);
  const remedy =
    nearest === undefined ? `known are ${names.join(", ")}.` : `did you mean ${nearest}?`;
  throw new AppError(
    "usage",
    `unknown command '${word}' of ${group.name()}: ${remedy} See "${helpFor(group)}"`,
  );
}
