// What a command is given of the world: its input and two outputs, the environment, time and chance. Only main.ts makes a real one.

import type { Clock, Random } from "@truechimer/base";
import { jsonLine } from "./output/json-line.ts";
import type { Style } from "./output/style.ts";
import type { Column } from "./output/table.ts";

/** For a person on a terminal, or for a program. */
export type OutputFormat = "human" | "json";

export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  /** The same of octets that are text as they come, without a copy. Absent: they are printed as text. */
  readonly stdoutBytes?: (bytes: Uint8Array) => void;
  readonly stderr: (text: string) => void;
  /**
   * Resolves when what was printed has been taken, so that a slow reader holds back a command that prints much. False:
   * nobody reads any more. Absent: nobody has to be waited for.
   */
  readonly stdoutTaken?: () => Promise<boolean>;
  /** What is handed to the program, for the argument `-`. Absent: nothing is. */
  readonly stdin?: () => AsyncIterable<Uint8Array>;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** For stdout. */
  readonly style: Style;
  /** For stderr. */
  readonly errorStyle: Style;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Aborted by the first signal that asks the program to end. Only commands that run until told otherwise ask for it;
   * the others end as any program does.
   */
  readonly stopSignal: () => AbortSignal;
  /** SIGHUP, for what runs and can look at its settings anew. Returns how to stop it. Absent: there is no such signal. */
  readonly onHangUp?: (listener: () => void) => () => void;
}

/** What a command prints, in either form, behind one face. */
export interface Printer {
  readonly format: OutputFormat;
  readonly style: Style;
  /** Words for people; nothing in JSON. */
  line(text: string): void;
  /** One JSON object; nothing for people. */
  json(value: unknown): void;
  /** A table for people, a line per row for programs. `empty` is what a person reads when there are no rows. */
  table<Row>(options: TableOptions<Row>): Promise<void>;
}

export interface TableOptions<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly json: (row: Row) => unknown;
  readonly empty: string;
}

export function createPrinter(context: CliContext, asked: OutputFormat | undefined): Printer {
  const format = asked ?? (context.stdoutIsTerminal ? "human" : "json");
  const line = (text: string): void => {
    if (format === "human") context.stdout(`${text}\n`);
  };
  const json = (value: unknown): void => {
    if (format === "json") context.stdout(`${jsonLine(value)}\n`);
  };
  return {
    format,
    style: context.style,
    line,
    json,
    table: async ({ columns, rows, json: toJson, empty }) => {
      for (const row of rows) json(toJson(row));
      if (format === "json") return;
      if (rows.length === 0) return line(empty);
      const { tableLines } = await import("./output/table.ts");
      const [titles = "", ...lines] = tableLines(columns, rows);
      line(context.style.dim(titles));
      for (const text of lines) line(text);
    },
  };
}
