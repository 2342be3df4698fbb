// /etc/default/truechimer-agent: variables for every command of the agent on this host, whoever types it. A shell and
// systemd read such files too, so what both understand is understood here: comments, `export`, and quotes.

import { readFile } from "node:fs/promises";
import { AppError } from "@truechimer/base";

/** Where the file is, unless TRUECHIMER_AGENT_DEFAULTS names another. */
const DEFAULTS_FILE = "/etc/default/truechimer-agent";
const FILE_VARIABLE = "TRUECHIMER_AGENT_DEFAULTS";
/** A page of settings has a few kilobytes. */
const FILE_CHARACTERS_MAX = 65_536;

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The environment, and below it what the file says. A variable that is set, even to nothing, wins. A file that is not
 * there is no mistake unless a variable names it.
 */
export async function withDefaultsFile(environment: Variables): Promise<Variables> {
  const named = environment[FILE_VARIABLE];
  const path = named === undefined || named === "" ? DEFAULTS_FILE : named;
  const text = await readDefaults(path, path === named);
  return text === undefined ? environment : { ...parseDefaults(text, path), ...environment };
}

/** Fails with config_bad_value at the first line that is neither a setting nor a comment. */
export function parseDefaults(text: string, path: string): Variables {
  const variables: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue;
    const [, name, rest] = SETTING.exec(trimmed) ?? [];
    const value = rest === undefined ? undefined : valueOf(rest.trim());
    if (name === undefined || value === undefined) throw badLine(path, index + 1);
    variables[name] = value;
  }
  return variables;
}

const SETTING = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/;
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/;
const SINGLE_QUOTED = /^'([^']*)'\s*(?:#.*)?$/;
/** Up to a comment, which begins after a blank: "a#b" is a value. */
const BARE = /^([^"'#\s](?:[^"'\s]|\s(?!\s*#))*)?\s*(?:\s#.*|#.*)?$/;

function valueOf(text: string): string | undefined {
  const double = DOUBLE_QUOTED.exec(text)?.[1];
  if (double !== undefined) return double.replaceAll(/\\(["\\$`])/g, "$1");
  const single = SINGLE_QUOTED.exec(text)?.[1];
  if (single !== undefined) return single;
  const bare = BARE.exec(text);
  return bare === null ? undefined : (bare[1] ?? "").trimEnd();
}

/** The line itself is not shown: it may hold a secret. */
function badLine(path: string, line: number): AppError {
  return new AppError(
    "config_bad_value",
    `${path}, line ${line}: expected NAME=value, a comment that begins with #, or nothing; close what a quote opens`,
  );
}

async function readDefaults(path: string, mustExist: boolean): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if ((code === "ENOENT" || code === "ENOTDIR") && !mustExist) return undefined;
    throw new AppError(
      "config_unreadable",
      `${path} cannot be read (${code}): give this user the right to read it, or name another file in ${FILE_VARIABLE}`,
      { cause },
    );
  }
  if (text.length <= FILE_CHARACTERS_MAX) return text;
  throw new AppError(
    "config_bad_value",
    `${path} has ${text.length} characters, and ${FILE_CHARACTERS_MAX} are the most: is it the right file?`,
  );
}
