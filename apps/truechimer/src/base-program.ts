// What our programs have in common: where their words go, how wide their help is, and that nothing in them ends the
// process by itself.

import { Command, Help, type Option } from "commander";
import type { CliContext } from "./cli-context.ts";

const HELP_WIDTH = 100;

/** A program without commands. */
export function createBaseProgram(name: string, context: CliContext): Command {
  return new Command(name)
    .exitOverride()
    .configureOutput({
      writeOut: context.stdout,
      writeErr: context.stderr,
      outputError: () => {},
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, optionDescription: describedOption })
    .helpCommand("help [command]", "what a command does, with examples")
    .option("--debug", "tell the causes below an error too");
}

/** Commander's own words, without a default that says nothing. */
function describedOption(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: (\[\]|"")\)$/, "");
}
