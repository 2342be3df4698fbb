// How a failure is told: what is wrong, its code, and where the remedy is described. People get words, programs a line
// of JSON; `debug` adds the chain of causes.

import { inspect } from "node:util";
import { AppError, type ErrorCode } from "@truechimer/base";
import type { CliContext, OutputFormat } from "./cli-context.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import { jsonLine } from "./output/json-line.ts";
import { printable } from "./output/style.ts";

/** Where an error's section is, from the root of the repository. */
function documentOf(code: ErrorCode): string {
  return `docs/reference/errors.md#${code}`;
}

export interface ReportOptions {
  readonly format: OutputFormat;
  /** Tell the causes below too. */
  readonly causes: boolean;
}

export function reportError(error: unknown, context: CliContext, options: ReportOptions): ExitCode {
  const failure = asAppError(error);
  const causes = options.causes || failure.code === "internal" ? causesOf(failure) : [];
  if (options.format === "json") {
    const { code, message } = failure;
    const told = {
      code,
      message,
      document: documentOf(code),
      ...(causes.length > 0 && { causes }),
    };
    context.stderr(`${jsonLine({ error: told })}\n`);
  } else {
    context.stderr(`${humanText(failure, causes, context)}\n`);
  }
  return exitCodeOf(failure.code);
}

function humanText(failure: AppError, causes: readonly string[], context: CliContext): string {
  const { red, dim } = context.errorStyle;
  const lines = [
    `${red("truechimer:")} ${printable(failure.message)}`,
    ...causes.map((cause) => `  because: ${printable(cause)}`),
    dim(`  ${failure.code}: ${documentOf(failure.code)}`),
  ];
  return lines.join("\n");
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("internal", "something unexpected went wrong: please report it", {
    cause: error,
  });
}

/** The messages below, outermost first. A cause that is no error is told as text. */
function causesOf(error: Error): readonly string[] {
  const causes: string[] = [];
  let cause: unknown = error.cause;
  while (cause !== undefined && causes.length < 10) {
    causes.push(cause instanceof Error ? causeText(cause) : inspect(cause, { depth: 1 }));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function causeText(cause: Error): string {
  const where = cause.stack?.split("\n")[1]?.trim() ?? "";
  const words = cause.message === "" ? cause.name : cause.message;
  return cause instanceof AppError ? words : `${words} (${where})`;
}
