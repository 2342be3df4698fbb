// `setup`: registers this host as the NTP Pool's agent does. A person approves it in the control plane's pages, at the
// address that is printed; then the key arrives here.

import { hostname } from "node:os";
import {
  hostsOf,
  keepRegistration,
  type Registration,
  type RegistrationProgress,
  registerAgent,
} from "@truechimer/agent";
import { AppError } from "@truechimer/base";
import { type CliContext, createPrinter, type Printer } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { createStop } from "../run-until-stopped.ts";
import { actAsOwner } from "./act-as-owner.ts";
import { createAgentCalls } from "./agent-calls.ts";
import {
  type AgentFlags,
  type AgentSettings,
  loadAgentSettings,
  typedCommand,
} from "./agent-settings.ts";
import { openAgentState } from "./open-agent-state.ts";

export interface SetupFlags extends AgentFlags {
  readonly hostname?: string;
  readonly account?: string;
  readonly reset?: boolean;
}

export interface SetupOptions {
  readonly flags: SetupFlags;
  readonly programName: string;
}

export async function setUp(
  context: CliContext,
  { flags, programName }: SetupOptions,
): Promise<ExitCode> {
  const settings = await loadAgentSettings(flags, context);
  const printer = createPrinter(context, askedFormat(flags));
  await actAsOwner(settings.stateDirectory);
  const store = openAgentState(settings, context);
  const stored = await store.read();
  const { clock, random } = context;
  const apiUrl = registrationAddress(settings, stored.enrolment?.serverUrl);
  const stop = createStop(context.stopSignal());
  const registration = await registerOrStopped(stop.signal, () =>
    registerAgent({
      apiUrl,
      families: settings.families,
      apiKey: flags.reset === true ? undefined : stored.state?.apiKey,
      hostname: flags.hostname ?? hostname(),
      account: flags.account,
      rootPem: settings.rootPem ?? stored.rootPem,
      send: createAgentCalls(settings, clock).send,
      clock,
      random,
      onProgress: (progress) => tell(printer, progress),
      signal: stop.signal,
    }),
  );
  if (registration === undefined) {
    printer.line("Setup ended before it was approved; run it again to go on.");
    printer.json({ event: "aborted" });
    return EXIT.bad;
  }
  if (registration.kind === "accepted") {
    const { apiKey } = registration;
    await keepRegistration(store, { serverUrl: apiUrl, apiKey, rootPem: settings.rootPem });
  }
  tellEnd(printer, { registration, settings, programName });
  return EXIT.good;
}

/** Undefined: told to stop, by a signal. */
async function registerOrStopped(
  signal: AbortSignal,
  register: () => Promise<Registration>,
): Promise<Registration | undefined> {
  try {
    return await register();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function registrationAddress({ hosts }: AgentSettings, enrolledAt: string | undefined): string {
  const enrolment =
    enrolledAt === undefined ? undefined : { serverUrl: enrolledAt, agentUrl: undefined };
  const found = hostsOf(hosts, { enrolment, tlsName: "" });
  if (found.ok) return found.value.apiUrl;
  throw new AppError("usage", "no control plane is named: give --server https://host[:port]");
}

function tell(printer: Printer, progress: RegistrationProgress): void {
  switch (progress.kind) {
    case "url":
      printer.line("Open this address in a browser to approve this host; setup waits for it:\n");
      printer.line(`  ${progress.url}\n`);
      printer.json({ event: "url", url: progress.url });
      return;
    case "family_unreachable":
      printer.line(
        `IP${progress.family}: the control plane cannot be reached, so this host is registered without it.`,
      );
      printer.json({ event: "family_unreachable", ip_version: progress.family });
      return;
    case "key_refused":
      printer.line("The key of the last registration is not known any more: registering anew.");
      printer.json({ event: "key_refused" });
      return;
    case "waiting":
      printer.line(`The control plane is not ready${said(progress.message)}; trying again.`);
      printer.json({ event: "waiting", status: progress.status, message: progress.message });
  }
}

function said(message: string): string {
  return message === "" ? "" : `: ${message}`;
}

interface EndOptions {
  readonly registration: Registration;
  readonly settings: AgentSettings;
  readonly programName: string;
}

function tellEnd(printer: Printer, { registration, settings, programName }: EndOptions): void {
  const next = typedCommand(`${programName} run`, settings);
  printer.line(
    registration.kind === "accepted"
      ? "Approved: this host's key is stored. Its monitors go to work when their status says so."
      : "This registration is complete already; nothing was changed here.",
  );
  printer.line(
    `An agent that runs on ${settings.directory} goes on by itself. To start one: ${next}`,
  );
  printer.json({ event: registration.kind, directory: settings.directory });
}
