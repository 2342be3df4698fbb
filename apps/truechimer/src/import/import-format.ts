// Which program a file is of: by its name, else by what stands in it.

import { basename } from "node:path";
import { parseServerTarget } from "../config/server-target.ts";
import type { Finding } from "./finding.ts";
import type { ImportFormat } from "./import-format-name.ts";
import { parseChronyConf } from "./parse-chrony-conf.ts";
import { parseCsvServers } from "./parse-csv-servers.ts";
import { parseNtpConf } from "./parse-ntp-conf.ts";
import { parseNtpdRs } from "./parse-ntpd-rs.ts";
import { textLines } from "./text-lines.ts";

/** Each is pure, and gives its findings in the order of the file. */
export const IMPORT_PARSERS: Readonly<Record<ImportFormat, (text: string) => readonly Finding[]>> =
  {
    chrony: parseChronyConf,
    ntp: parseNtpConf,
    "ntpd-rs": parseNtpdRs,
    csv: parseCsvServers,
  };

/** Of `file`'s name alone: "-" and other names say nothing. */
const BY_NAME: readonly (readonly [RegExp, ImportFormat])[] = [
  [/\.csv$/i, "csv"],
  [/\.toml$/i, "ntpd-rs"],
  [/\.sources$|^chrony.*\.conf$/i, "chrony"],
  [/^ntp.*\.conf$/i, "ntp"],
];

/** Said by one of the programs alone. */
const BY_LINE: readonly (readonly [RegExp, ImportFormat])[] = [
  [/^\[\[?\s*["']?(?:source|source-defaults|synchronization|observability)["']?\s*\]/, "ntpd-rs"],
  [
    /^(?:makestep|rtcsync|sourcedir|confdir|ntsdumpdir|leapsectz|leapseclist|maxupdateskew|bindcmdaddress)\b/i,
    "chrony",
  ],
  [/^(?:restrict|tinker|tos|statsdir|leapfile|includefile|fudge|interface|statistics)\b/i, "ntp"],
  [/^(?:server|pool|peer)\s+(?:-[46]\s|127\.127\.)/i, "ntp"],
];
const SOURCE = /^(?:server|pool|peer)\s+[^\s,;]/i;

/** Absent: it may be anything. */
export function recognisedFormat(file: string, text: string): ImportFormat | undefined {
  const name = basename(file);
  const named = BY_NAME.find(([pattern]) => pattern.test(name));
  if (named !== undefined) return named[1];
  const lines = textLines(text);
  const told = BY_LINE.find(([pattern]) => lines.some((line) => pattern.test(line.text)));
  if (told !== undefined) return told[1];
  // Of what both programs can read, each says the same.
  if (lines.some((line) => SOURCE.test(line.text))) return "chrony";
  return isCsv(lines[0]?.text ?? "") ? "csv" : undefined;
}

/** A list of names alone is CSV with one column. */
function isCsv(first: string): boolean {
  return first.includes(",") || parseServerTarget(first).ok;
}
