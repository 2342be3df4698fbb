// Asks each address once and tells what came of it.

import { checkOnce, resolveHost } from "@truechimer/agent";
import { AppError, type IpFamily } from "@truechimer/base";
import { createProbeSocket } from "@truechimer/udp";
import { type CliContext, createPrinter } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import type { CheckFlags } from "../commands/check.ts";
import { parseServerTarget } from "../config/server-target.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { agreeAgainstUs, judgeClock, overallExitCode } from "./judge-clock.ts";
import { type CheckedServer, printCheckedServers } from "./print-checked-servers.ts";
import { type ResolvedTarget, resolveTargets, type TypedTarget } from "./resolve-targets.ts";

const NS_PER_MS = 1_000_000;
/** What every client owes a server that is not its own. */
const SAMPLE_INTERVAL_MS_MIN = 2_000;
const SERVERS_MAX = 1_000;

export async function runCheckCommand(
  context: CliContext,
  hosts: readonly string[],
  flags: CheckFlags,
): Promise<ExitCode> {
  const printer = createPrinter(context, askedFormat(flags));
  const { resolved, unresolved } = await resolveTargets(
    hosts.map(typedTarget),
    wantedFamilies(flags),
    resolveHost,
  );
  if (resolved.length > SERVERS_MAX) {
    throw new AppError(
      "usage",
      `${resolved.length} addresses are too many: at most ${SERVERS_MAX}`,
    );
  }
  const limitNs = BigInt(Math.round(flags.limit * NS_PER_MS));
  const checked = await checkAll(context, resolved, flags, limitNs);
  await printCheckedServers(printer, checked, unresolved);
  if (everyoneDisagreesWithUs(checked, limitNs)) {
    printer.line(
      "\nAll of them agree with each other: this host's own clock is the likelier one to be wrong.",
    );
  }
  const codes = checked.map(({ judgement }) => judgement.exitCode);
  return overallExitCode(unresolved.length > 0 ? [...codes, EXIT.noAnswer] : codes);
}

function typedTarget(name: string): TypedTarget {
  const parsed = parseServerTarget(name);
  if (parsed.ok) return { name, target: parsed.value };
  throw new AppError("bad_address", parsed.error);
}

function wantedFamilies({ ipv4, ipv6 }: CheckFlags): readonly IpFamily[] {
  if (ipv4 === ipv6) return ["v4", "v6"];
  return ipv4 === true ? ["v4"] : ["v6"];
}

async function checkAll(
  context: CliContext,
  targets: readonly ResolvedTarget[],
  flags: CheckFlags,
  limitNs: bigint,
): Promise<readonly CheckedServer[]> {
  if (targets.length === 0) return [];
  if (flags.interval < SAMPLE_INTERVAL_MS_MIN) {
    throw new AppError("usage", `--interval ${flags.interval}ms is impolite: expected at least 2s`);
  }
  const { clock, random } = context;
  await using socket = await createProbeSocket({ clock, random });
  const checked = await checkOnce(targets, {
    socket,
    clock,
    samples: flags.samples,
    sampleIntervalMs: flags.interval,
    sampleTimeoutMs: flags.timeout,
  });
  return checked.map(({ target, result }) => ({
    target,
    result,
    judgement: judgeClock(result.outcome, limitNs),
  }));
}

function everyoneDisagreesWithUs(checked: readonly CheckedServer[], limitNs: bigint): boolean {
  const liars = checked.filter(({ judgement }) => judgement.verdict === "falseticker");
  const honest = checked.some(({ judgement }) => judgement.verdict === "truechimer");
  const offsets = liars.flatMap(({ result: { outcome } }) =>
    outcome.offsetNs === undefined
      ? []
      : [{ offsetNs: outcome.offsetNs, boundNs: outcome.boundNs ?? 0n }],
  );
  return !honest && agreeAgainstUs(offsets, limitNs);
}
