// The raw step: what the file, the environment and the command line say, merged key by key, each with where it was
// set. Nothing is judged here but the syntax of the file.

import { readFile } from "node:fs/promises";
import { AppError } from "@truechimer/base";
import { parse, TomlError } from "smol-toml";

/** A key as a path from the top, such as ["checks", "interval"]. */
export type KeyPath = readonly (string | number)[];

/** One value from outside of the file. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
  /** For messages: "--port", "environment variable DATABASE_URL". */
  readonly origin: string;
}

export interface RawConfig {
  readonly values: Readonly<Record<string, unknown>>;
  /** Where the value at a path was set. */
  readonly originOf: (path: KeyPath) => string;
}

/** A configuration is a page, not a book. */
const FILE_BYTES_MAX = 1_048_576;

/** Later settings win over earlier ones, and all of them over the file. */
export async function readRawConfig(
  file: string | undefined,
  settings: readonly Setting[],
): Promise<RawConfig> {
  const values = file === undefined ? {} : await readToml(file);
  const origins = new Map<string, string>();
  for (const setting of settings) {
    setAt(values, setting.path, setting.value);
    origins.set(setting.path.join("."), setting.origin);
  }
  return {
    values,
    originOf: (path) => origins.get(path.join(".")) ?? file ?? "the default",
  };
}

async function readToml(file: string): Promise<Record<string, unknown>> {
  const text = await readText(file);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problem = error.message.split("\n", 1)[0]?.replace("Invalid TOML document: ", "") ?? "";
    throw new AppError(
      "config_unreadable",
      `configuration file ${file}, line ${error.line}, column ${error.column} is not TOML: ${problem}`,
      { cause: error },
    );
  }
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= FILE_BYTES_MAX) return bytes.toString("utf8");
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `configuration file ${file} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
  throw new AppError(
    "config_unreadable",
    `configuration file ${file} has more than ${FILE_BYTES_MAX} bytes: is it the right file?`,
  );
}

function setAt(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let table = values;
  for (const key of path.slice(0, -1)) {
    const inner = table[key];
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
      table = inner as Record<string, unknown>;
      continue;
    }
    const created = {};
    table[key] = created;
    table = created;
  }
  table[path.at(-1) ?? ""] = value;
}
