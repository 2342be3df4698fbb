// `--filter`: the filter language (docs/reference/filter.md), read by the control plane; a refusal shows the place.

import { AppError } from "@truechimer/base";
import type { Command } from "commander";
import { askedFormat, type CommandHost, type ConnectionOptions } from "./command-host.ts";
import { printable } from "./output/style.ts";

export interface FilterOptions extends ConnectionOptions {
  readonly filter?: string;
}

/** What of a command's options a refusal's mark depends on. */
export type FilterCall = Pick<FilterOptions, "filter" | "format" | "json">;

export function withFilterOption(command: Command, example: string): Command {
  return command.option("--filter <filter>", `only those that pass, such as '${example}'`);
}

/** Of a call with this filter. For a person, a mark below the character that is wrong precedes the error. */
export async function callWithFilter<Answer>(
  host: CommandHost,
  options: FilterCall,
  call: (filter: string) => Promise<Answer>,
): Promise<Answer> {
  const { filter = "" } = options;
  try {
    return await call(filter);
  } catch (error) {
    const place = placeOf(error);
    const format = askedFormat(options) ?? (host.context.stdoutIsTerminal ? "human" : "json");
    if (place !== undefined && format === "human") {
      const { red } = host.context.errorStyle;
      host.context.stderr(
        `  ${printable(filter)}\n  ${" ".repeat(place.at)}${red("^".repeat(place.length))}\n`,
      );
    }
    throw error;
  }
}

function placeOf(error: unknown): { readonly at: number; readonly length: number } | undefined {
  if (!(error instanceof AppError) || error.code !== "bad_filter") return undefined;
  const { metadata } = error.cause as { readonly metadata?: unknown };
  if (!(metadata instanceof Headers)) return undefined;
  const at = Number(metadata.get("truechimer-error-position") ?? Number.NaN);
  const length = Number(metadata.get("truechimer-error-length") ?? Number.NaN);
  return Number.isSafeInteger(at) && Number.isSafeInteger(length) ? { at, length } : undefined;
}
