// What `up` tells while it starts and runs: lines for a person, or one JSON object each for a program.

import type { CliContext, OutputFormat } from "../cli-context.ts";
import { jsonLine } from "../output/json-line.ts";
import { printable } from "../output/style.ts";

export interface Progress {
  /** `subject` is one word: database, lab, agent, dashboard … */
  say(subject: string, text: string, fields?: Readonly<Record<string, unknown>>): void;
}

const SUBJECT_WIDTH = 10;

export function createProgress(context: CliContext, format: OutputFormat): Progress {
  const { style, clock, stdout } = context;
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
