// `enroll`: turns a one-time token into this host's agent, at once and without anybody's approval.

import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import {
  enrollAgent,
  type OwnAddressesOptions,
  ownAddresses,
  resolveHost,
} from "@truechimer/agent";
import { AppError, type IpAddress, parseIpAddress } from "@truechimer/base";
import { type CliContext, createPrinter } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { actAsOwner } from "./act-as-owner.ts";
import { createAgentCalls } from "./agent-calls.ts";
import {
  type AgentFlags,
  type AgentSettings,
  loadAgentSettings,
  typedCommand,
} from "./agent-settings.ts";
import { openAgentState } from "./open-agent-state.ts";

export interface EnrollFlags extends AgentFlags {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly hostname?: string;
  readonly address?: readonly string[];
}

export interface EnrollCommandOptions {
  readonly flags: EnrollFlags;
  readonly programName: string;
}

export async function enroll(
  context: CliContext,
  { flags, programName }: EnrollCommandOptions,
): Promise<ExitCode> {
  const settings = await loadAgentSettings(flags, context);
  const printer = createPrinter(context, askedFormat(flags));
  const { serverUrl } = settings.hosts;
  if (serverUrl === undefined) {
    throw new AppError(
      "usage",
      "no control plane is named: give --server, the address that the dashboard shows beside the token",
    );
  }
  const token = await readToken(flags, settings);
  await actAsOwner(settings.stateDirectory);
  const { clock, random } = context;
  const addresses = await registeredAddresses(flags, { serverUrl, families: settings.families });
  const { tlsName, agentUrl, pair } = await enrollAgent({
    serverUrl,
    token,
    hostname: flags.hostname ?? hostname(),
    addresses,
    store: openAgentState(settings, context),
    userAgent: createAgentCalls(settings, clock).userAgent,
    clock,
    random,
    signal: new AbortController().signal,
  });
  const next = typedCommand(`${programName} run`, settings);
  const notAfter = new Date(Number(pair.notAfterNs / 1_000_000n)).toISOString();
  printer.line(
    `Enrolled as ${tlsName}; its certificate is good until ${notAfter} and renews itself.`,
  );
  printer.line(
    `An agent that runs on ${settings.directory} goes to work now. To start one: ${next}`,
  );
  printer.json({
    tls_name: tlsName,
    agent_url: agentUrl,
    certificate_not_after: notAfter,
    addresses: addresses.map(({ text }) => text),
    directory: settings.directory,
  });
  return EXIT.good;
}

/** As named, else those by which this host reaches the control plane. */
async function registeredAddresses(
  { address = [] }: EnrollFlags,
  { serverUrl, families }: Pick<OwnAddressesOptions, "serverUrl" | "families">,
): Promise<readonly IpAddress[]> {
  if (address.length === 0) return ownAddresses({ serverUrl, families, resolveHost });
  return address.map((text) => {
    const parsed = parseIpAddress(text);
    if (parsed.ok) return parsed.value;
    throw new AppError("usage", `--address: ${parsed.error}`);
  });
}

const TOKEN_CHARACTERS_MAX = 1_024;

/** What is typed stays in the shell's history and is seen by others on this host, so a file or the environment is better. */
async function readToken(flags: EnrollFlags, { variables }: AgentSettings): Promise<string> {
  if (flags.token !== undefined && flags.tokenFile !== undefined) {
    throw new AppError("usage", "--token and --token-file are two ways of the same: give one");
  }
  if (flags.tokenFile !== undefined) return readTokenFile(flags.tokenFile);
  const token = flags.token ?? variables["TRUECHIMER_ENROLMENT_TOKEN"];
  if (token !== undefined && token.trim() !== "") return token.trim();
  throw new AppError(
    "usage",
    "no enrolment token: give --token-file FILE, or --token, or set TRUECHIMER_ENROLMENT_TOKEN; the dashboard makes one under Agents",
  );
}

/** `-` is the standard input. The token is good for one enrolment, so the file's mode is no matter. */
async function readTokenFile(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file === "-" ? "/dev/stdin" : file, "utf8");
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `--token-file: ${file} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
  const token = text.trim();
  if (token !== "" && token.length <= TOKEN_CHARACTERS_MAX) return token;
  throw new AppError("usage", `--token-file: ${file} holds no token: expected one line, tce_…`);
}
