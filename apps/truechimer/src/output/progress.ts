// What a role tells while it starts and runs: lines for a person, or one JSON object each for a program.

import type { CliContext, OutputFormat } from "../cli-context.ts";
import { jsonLine } from "./json-line.ts";
import { printable } from "./style.ts";

export interface Progress {
  /** `subject` is one word: database, lab, agent, dashboard … */
  say(subject: string, text: string, fields?: Readonly<Record<string, unknown>>): void;
  /**
   * A last line that the next one takes the place of, while something goes on: on a terminal, else nowhere. Empty: none.
   */
  show(subject: string, text: string): void;
}

const SUBJECT_WIDTH = 10;
const LINE_BEGIN_AND_CLEAR = "\r\u001b[K";

export function createProgress(context: CliContext, asked: OutputFormat | undefined): Progress {
  const { style, clock, stdout, stdoutIsTerminal } = context;
  const format = asked ?? (stdoutIsTerminal ? "human" : "json");
  if (format === "json") {
    return {
      say: (event, text, fields = {}) => {
        const at = new Date(Number(clock.nowNs() / 1_000_000n)).toISOString();
        stdout(`${jsonLine({ at, event, text, ...fields })}\n`);
      },
      show: () => undefined,
    };
  }
  const line = (subject: string, text: string): string =>
    `  ${style.dim(subject.padEnd(SUBJECT_WIDTH))} ${printable(text)}`;
  let shown = "";
  return {
    say: (subject, text) => {
      const clear = shown === "" ? "" : LINE_BEGIN_AND_CLEAR;
      stdout(`${clear}${line(subject, text)}\n${shown}`);
    },
    show: (subject, text) => {
      if (!stdoutIsTerminal) return;
      const next = text === "" ? "" : line(subject, text);
      if (next !== shown) stdout(`${LINE_BEGIN_AND_CLEAR}${next}`);
      shown = next;
    },
  };
}
