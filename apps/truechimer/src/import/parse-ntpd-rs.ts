// ntp.toml of ntpd-rs: a table [[source]] for each server or pool.

import { parse, TomlError } from "smol-toml";
import type { Finding, NamedAs, Place } from "./finding.ts";
import { quoted } from "./quoted.ts";
import { serverFinding } from "./server-finding.ts";
import { textLines } from "./text-lines.ts";

const MODES: Readonly<Record<string, { readonly namedAs: NamedAs; readonly nts: boolean }>> = {
  server: { namedAs: "server", nts: false },
  pool: { namedAs: "pool", nts: false },
  nts: { namedAs: "server", nts: true },
  "nts-pool": { namedAs: "pool", nts: true },
  csptp: { namedAs: "server", nts: false },
};
const CLOCK_MODES = new Set(["sock", "pps"]);
const SOURCE_HEADING = /^\[\[\s*(?:source|"source"|'source')\s*\]\]/;

export function parseNtpdRs(text: string): readonly Finding[] {
  let values: Record<string, unknown>;
  try {
    values = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return [notToml(text, error)];
  }
  const others = Object.keys(values)
    .filter((key) => key !== "source")
    .map((key): Finding => ({ line: undefined, text: key, outcome: "passed_over" }));
  return [...sourceFindings(text, values["source"]), ...others];
}

function notToml(text: string, error: TomlError): Finding {
  const problem = error.message.split("\n", 1)[0]?.replace("Invalid TOML document: ", "") ?? "";
  const wrong = textLines(text).find(({ line }) => line === error.line)?.text ?? "";
  const message = `column ${error.column} is not TOML: ${problem}; nothing of the file was read`;
  return { line: error.line, text: wrong, outcome: "bad", message };
}

function sourceFindings(text: string, sources: unknown): readonly Finding[] {
  if (sources === undefined) return [];
  if (!Array.isArray(sources)) {
    const message = "source is no list of tables: expected [[source]]";
    return [{ line: undefined, text: "source", outcome: "bad", message }];
  }
  const headings = textLines(text).filter((line) => SOURCE_HEADING.test(line.text));
  // TOML tells no positions of what it read. Where a text holds such a heading, too, no line is named at all.
  const lines = headings.length === sources.length ? headings.map(({ line }) => line) : [];
  return sources.map((source: unknown, index) => sourceFinding(source, lines[index]));
}

function sourceFinding(source: unknown, line: number | undefined): Finding {
  const mode = stringAt(source, "mode");
  const address = stringAt(source, "address");
  const place: Place = { line, text: `mode = "${mode ?? ""}", address = "${address ?? ""}"` };
  if (mode !== undefined && CLOCK_MODES.has(mode)) {
    const message = "a reference clock is reached from its own host alone";
    return { ...place, outcome: "left_out", message };
  }
  const known = mode !== undefined && Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
  if (known !== undefined) return serverFinding(place, { ...known, host: address ?? "" });
  const names = Object.keys(MODES).join(", ");
  const message = `a source of mode ${quoted(mode ?? "")} is not known: expected one of ${names}`;
  return { ...place, outcome: "bad", message };
}

function stringAt(table: unknown, key: string): string | undefined {
  if (typeof table !== "object" || table === null || !Object.hasOwn(table, key)) return undefined;
  const value = (table as Readonly<Record<string, unknown>>)[key];
  return typeof value === "string" ? value : undefined;
}
