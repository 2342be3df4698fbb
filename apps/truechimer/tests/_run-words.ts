// A command in this process, as on a terminal.

import { systemClock, systemRandom } from "@truechimer/base";
import type { CliContext } from "../src/cli-context.ts";
import { createStyle } from "../src/output/style.ts";
import { createProgram } from "../src/program.ts";
import { runCli } from "../src/run-cli.ts";

export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Each line of the output as JSON. */
  readonly json: () => readonly Record<string, unknown>[];
}

/** Without colours. `more` says where it is not as on a terminal. */
export async function runWords(
  words: readonly string[],
  more: Partial<CliContext> = {},
): Promise<CommandOutcome> {
  let out = "";
  let err = "";
  const context: CliContext = {
    env: {},
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    stdoutIsTerminal: true,
    stderrIsTerminal: true,
    style: createStyle(false),
    errorStyle: createStyle(false),
    clock: systemClock,
    random: systemRandom,
    stopSignal: () => new AbortController().signal,
    ...more,
  };
  const code = await runCli(words, { context, createProgram });
  const json = (): readonly Record<string, unknown>[] =>
    out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, out, err, json };
}
