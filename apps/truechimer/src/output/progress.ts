// What a role tells while it starts and runs: lines for a person, or one JSON object each for a program.

import type { CliContext, OutputFormat } from "../cli-context.ts";
import { jsonLine } from "./json-line.ts";
import { printable } from "./style.ts";

export interface Progress {
  /** `subject` is one word: database, lab, agent, dashboard … */
  say(subject: string, text: string, fields?: Readonly<Record<string, unknown>>): void;
}

const SUBJECT_WIDTH = 10;

export function createProgress(context: CliContext, asked: OutputFormat | undefined): Progress {
  const { style, clock, stdout, stdoutIsTerminal } = context;
  const format = asked ?? (stdoutIsTerminal ? "human" : "json");
  if (format === "json") {
    return {
      say: (event, text, fields = {}) => {
        const at = new Date(Number(clock.nowNs() / 1_000_000n)).toISOString();
        stdout(`${jsonLine({ at, event, text, ...fields })}\n`);
      },
    };
  }
  return {
    say: (subject, text) => {
      stdout(`  ${style.dim(subject.padEnd(SUBJECT_WIDTH))} ${printable(text)}\n`);
    },
  };
}
