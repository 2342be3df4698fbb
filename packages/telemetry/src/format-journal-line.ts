// A JSON log line for the journal of systemd: what goes to standard error there is taken line by line, with the priority
// in front of it (sd-daemon(3)); the journal has a time of its own for each.

import { formatLogLine } from "./format-log-line.ts";

/** Priorities of syslog. RFC 5424, section 6.2.1. */
const PRIORITIES: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };
const PRIORITY_OF_OTHERS = 6;

/** Text without time, colour and level; every line of it with the priority, so that none is filed under another one. */
export function formatJournalLine(line: string): string {
  const { text, level } = withoutTime(line);
  const prefix = `<${PRIORITIES[level] ?? PRIORITY_OF_OTHERS}>`;
  return text
    .trimEnd()
    .split("\n")
    .map((each) => `${prefix}${each}\n`)
    .join("");
}

function withoutTime(line: string): { readonly text: string; readonly level: string } {
  try {
    const { level, time: _time, ...rest } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const text = formatLogLine(JSON.stringify(rest), { colour: false }).trimStart();
    return { text, level: typeof level === "string" ? level : "" };
  } catch {
    return { text: line, level: "" };
  }
}
