// From the words of a command line to an exit code. Nothing throws out of here.

import { AppError } from "@truechimer/base";
import { type Command, CommanderError } from "commander";
import type { CliContext, OutputFormat } from "./cli-context.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { reportError } from "./report-error.ts";

/** Makes the program; `finish` is told the exit code of the command that ran. */
export type ProgramFactory = (context: CliContext, finish: (code: ExitCode) => void) => Command;

export interface RunCliOptions {
  readonly context: CliContext;
  readonly createProgram: ProgramFactory;
}

/** `args`: what follows the program's own name. */
export async function runCli(
  args: readonly string[],
  { context, createProgram }: RunCliOptions,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.good;
  const program = createProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(helpedArgs(args), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.good;
    // A group of commands without one of them: its help has been told, and says all.
    if (error instanceof CommanderError && error.code === "commander.help") return EXIT.usage;
    const help = helpCommand(program, args);
    const failure = error instanceof CommanderError ? usageError(error, help) : error;
    const causes = args.includes("--debug") || (context.env["TRUECHIMER_DEBUG"] ?? "") !== "";
    return reportError(failure, context, { format: errorFormat(args, context), causes });
  }
}

/** `help servers add` is `servers add --help`: commander's own looks no further than at the first word. */
function helpedArgs(args: readonly string[]): string[] {
  if (args.length === 0) return ["help"];
  const [first, ...words] = args;
  const isOfNested =
    first === "help" && words.length > 1 && words.every((word) => !word.startsWith("-"));
  return isOfNested ? [...words, "--help"] : [...args];
}

/** What to type for the help of the command that was meant, as deep as it was found. */
function helpCommand(program: Command, args: readonly string[]): string {
  const found = ["help"];
  let command = program;
  for (const word of args.filter((arg) => !arg.startsWith("-"))) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    found.push(word);
    command = next;
  }
  return [program.name(), ...found].join(" ");
}

/** Commander's own words, in the form of ours: what was wrong, then where to look. */
function usageError(error: CommanderError, help: string): AppError {
  const [problem = "", ...hints] = error.message
    .replace(/^error: /, "")
    .replace(/\. Allowed choices are (.*)\.$/, "\nallowed choices are $1.")
    .split("\n");
  const hint = hints
    .join(" ")
    .trim()
    .replace(/^\(Did you mean (.*)\?\)$/, "did you mean $1?");
  const remedy = hint === "" ? `see "${help}"` : `${hint} See "${help}"`;
  return new AppError("usage", `${problem}: ${remedy}`, { cause: error });
}

function errorFormat(args: readonly string[], context: CliContext): OutputFormat {
  const at = args.findLastIndex((arg) => arg === "--format" || arg.startsWith("--format="));
  const asked = args[at]?.split("=")[1] ?? args[at + 1];
  if (args.includes("--json") || (at >= 0 && asked === "json")) return "json";
  if (at >= 0 && asked === "human") return "human";
  return context.stderrIsTerminal ? "human" : "json";
}
