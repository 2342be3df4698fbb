// `truechimer check HOST…`: asks time servers now, from here, once.

import { parseDurationMs } from "@truechimer/base";
import { SAMPLE_TIMEOUT_MS_MAX } from "@truechimer/ntp";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type CommandHost,
  examples,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";

export interface CheckFlags extends OutputOptions {
  readonly samples: number;
  readonly timeout: number;
  readonly interval: number;
  readonly limit: number;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
}

const SAMPLES_MAX = 10;
const TIMEOUT_MAX = `${SAMPLE_TIMEOUT_MS_MAX / 1_000}s`;

export function registerCheck({ program, context, finish }: CommandHost): void {
  withCheckOptions(program.command("check <host...>"))
    .description("ask time servers once, from here, and say which clocks are right")
    .addHelpText(
      "after",
      `${examples(
        ["truechimer check time.example.net", "each address of that name, three samples each"],
        ["truechimer check 192.0.2.7:1123 [2001:db8::7]:1123", "other ports than 123"],
        ["truechimer check -4 --samples 1 --json time.example.net", "quick, for a program"],
      )}
A clock is bad when its offset from this host's clock, less the bound on the error, is beyond the limit, or when it
says itself that it is not synchronised.

Exit codes: 0 all good, 1 a bad clock, 2 usage, 3 no answer (and no bad clock).
`,
    )
    .action(async (hosts: readonly string[], _flags: CheckFlags, command: Command) => {
      const flags = command.optsWithGlobals<CheckFlags>();
      const { runCheckCommand } = await import("../check/run-check-command.ts");
      finish(await runCheckCommand(context, hosts, flags));
    });
}

function withCheckOptions(command: Command): Command {
  return withOutputOptions(command)
    .option("-4, --ipv4", "only IPv4 addresses")
    .option("-6, --ipv6", "only IPv6 addresses")
    .option("--samples <count>", `samples each, 1 to ${SAMPLES_MAX}`, samplesOption, 3)
    .addOption(
      durationOption(
        "--timeout",
        `how long a sample waits, at most ${TIMEOUT_MAX}`,
        "3s",
      ).argParser(timeoutArgument),
    )
    .addOption(durationOption("--interval", "between samples to one server, at least 2s", "2s"))
    .addOption(durationOption("--limit", "offset beyond which a clock is bad", "25ms"));
}

function samplesOption(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= SAMPLES_MAX) return count;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${SAMPLES_MAX}`);
}

function durationOption(flag: string, purpose: string, preset: string): Option {
  return new Option(`${flag} <duration>`, purpose)
    .argParser(durationArgument)
    .default(durationArgument(preset), preset);
}

function durationArgument(text: string): number {
  const parsed = parseDurationMs(text);
  if (parsed.ok) return parsed.value;
  throw new InvalidArgumentError(parsed.error);
}

function timeoutArgument(text: string): number {
  const timeoutMs = durationArgument(text);
  if (timeoutMs > 0 && timeoutMs <= SAMPLE_TIMEOUT_MS_MAX) return timeoutMs;
  throw new InvalidArgumentError(`expected more than 0s and at most ${TIMEOUT_MAX}`);
}
