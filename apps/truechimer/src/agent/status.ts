// `status`: what the state directory says of this host's agent, and what the agent that runs on it says itself. Nothing
// is asked of the control plane, and nothing is changed.

import { checkCertificate, type StoredIdentity } from "@truechimer/agent";
import { type IpFamily, unixMsFromNs } from "@truechimer/base";
import { type CliContext, createPrinter, type Printer } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printable } from "../output/style.ts";
import { agoText, instantText } from "../output/time-text.ts";
import {
  type AgentFlags,
  type AgentSettings,
  loadAgentSettings,
  typedCommand,
} from "./agent-settings.ts";
import { openAgentState } from "./open-agent-state.ts";
import { asRunningStatus, type RunningStatus } from "./running-status.ts";
import { askStatus } from "./status-socket.ts";

export interface StatusOptions {
  readonly flags: AgentFlags;
  readonly programName: string;
}

/** Good: enrolled, with a certificate that has not ended, and running. */
export async function showStatus(
  context: CliContext,
  { flags, programName }: StatusOptions,
): Promise<ExitCode> {
  const settings = await loadAgentSettings(flags, context);
  const printer = createPrinter(context, askedFormat(flags));
  const stored = await openAgentState(settings, context).read();
  const running = asRunningStatus(await askStatus(settings.directory, context.clock));
  const nowMs = unixMsFromNs(context.clock.nowNs());
  const certificate = certificateFacts(stored, nowMs);
  printer.json(statusJson({ settings, stored, running, certificate }));
  tellPeople(printer, { settings, stored, running, certificate, nowMs, programName });
  const good = isEnrolled(stored) && certificate?.expired !== true && running !== undefined;
  return good ? EXIT.good : EXIT.bad;
}

interface CertificateFacts {
  readonly notBefore: string;
  readonly notAfter: string;
  readonly notAfterMs: number;
  readonly expired: boolean;
  readonly renewalDue: boolean;
  readonly fingerprint: string;
}

function certificateFacts({ pair }: StoredIdentity, nowMs: number): CertificateFacts | undefined {
  if (pair === undefined) return undefined;
  const { expired, renewalDue } = checkCertificate(pair, BigInt(nowMs) * 1_000_000n);
  const notAfterMs = unixMsFromNs(pair.notAfterNs);
  return {
    notBefore: instantText(unixMsFromNs(pair.notBeforeNs)),
    notAfter: instantText(notAfterMs),
    notAfterMs,
    expired,
    renewalDue,
    fingerprint: pair.fingerprint,
  };
}

function isEnrolled({ state, pair }: StoredIdentity): boolean {
  return (state?.apiKey ?? "") !== "" || pair !== undefined;
}

interface Facts {
  readonly settings: AgentSettings;
  readonly stored: StoredIdentity;
  readonly running: RunningStatus | undefined;
  readonly certificate: CertificateFacts | undefined;
}

function statusJson({ settings, stored, running, certificate }: Facts): unknown {
  const { state, enrolment } = stored;
  return {
    environment: settings.environment,
    directory: settings.directory,
    directory_named_by: settings.stateDirectoryNamedBy,
    enrolled: isEnrolled(stored),
    has_api_key: (state?.apiKey ?? "") !== "",
    name: state?.name ?? "",
    tls_name: state?.tlsName ?? "",
    server_url: settings.hosts.serverUrl ?? enrolment?.serverUrl ?? null,
    agent_url: enrolment?.agentUrl ?? null,
    monitors: (["v4", "v6"] as const).map((family) => ({
      ip_version: family,
      address: state?.[family].address?.text ?? null,
      status: state?.[family].status ?? "",
    })),
    certificate:
      certificate === undefined
        ? null
        : {
            not_before: certificate.notBefore,
            not_after: certificate.notAfter,
            expired: certificate.expired,
            renewal_due: certificate.renewalDue,
            fingerprint: certificate.fingerprint,
          },
    damaged_files: stored.damaged.map(({ name, why }) => ({ name, why })),
    problems: stored.problems,
    running: running ?? null,
  };
}

interface TellOptions extends Facts {
  readonly nowMs: number;
  readonly programName: string;
}

const LABEL_WIDTH = 13;

function tellPeople(printer: Printer, options: TellOptions): void {
  const { settings, stored, running } = options;
  const row = (label: string, text: string): void => {
    printer.line(`${printer.style.dim(label.padEnd(LABEL_WIDTH))} ${printable(text)}`);
  };
  row("environment", settings.environment);
  row("directory", `${settings.directory} (by ${settings.stateDirectoryNamedBy})`);
  row("identity", identityText(stored));
  row("server", settings.hosts.serverUrl ?? stored.enrolment?.serverUrl ?? "none named");
  for (const family of ["v4", "v6"] as const) row(`IP${family}`, monitorText(stored, family));
  row("certificate", certificateText(options));
  for (const { name, why } of stored.damaged) row("damaged", `${name}: ${why}`);
  for (const problem of stored.problems) row("note", problem);
  if (running === undefined) {
    const next = typedCommand(`${options.programName} run`, settings);
    row("running", `no (or as another account, which this one cannot ask); to start it: ${next}`);
    return;
  }
  tellRunning(row, running, options.nowMs);
}

function identityText({ state, pair }: StoredIdentity): string {
  if ((state?.apiKey ?? "") === "" && pair === undefined) return "not enrolled";
  const tlsName = state?.tlsName ?? "";
  return tlsName === "" ? "a key, no name yet: the control plane has not answered" : tlsName;
}

function monitorText({ state }: StoredIdentity, family: IpFamily): string {
  const monitor = state?.[family];
  if (monitor?.address === undefined) return "none";
  return `${monitor.address.text}, ${monitor.status === "" ? "without a status" : monitor.status}`;
}

function certificateText({ certificate, nowMs }: TellOptions): string {
  if (certificate === undefined) return "none";
  const { notAfter, notAfterMs, expired, renewalDue } = certificate;
  const when = `${notAfter}, ${agoText(notAfterMs, nowMs)}`;
  if (expired) return `ended at ${when}`;
  return `until ${when}${renewalDue ? ", being renewed" : ""}`;
}

const BYTES_PER_MIB = 1_048_576;

function tellRunning(
  row: (label: string, text: string) => void,
  { process_id, started_at, memory_bytes, version, time_stamps, activity, ...rest }: RunningStatus,
  nowMs: number,
): void {
  const ago = (at: string | null): string =>
    at === null ? "not yet" : agoText(Date.parse(at), nowMs);
  const memory = `${Math.round(memory_bytes / BYTES_PER_MIB)} MiB`;
  row(
    "running",
    `process ${process_id}, started ${ago(started_at)}, version ${version}, ${memory}`,
  );
  row("time stamps", time_stamps === "kernel" ? "the kernel's" : "this program's own");
  row(
    "checks",
    `${activity.checks} (${activity.checks_failed} without a good answer), last ${ago(activity.last_check_at)}, ${activity.checks_in_flight} under way`,
  );
  row(
    "results",
    `${activity.results_accepted} counted, ${activity.results_lost} lost, last ${ago(activity.last_accepted_at)}`,
  );
  const failure = activity.call_failure === null ? "" : `; the last one: ${activity.call_failure}`;
  row("calls", `${activity.calls}, ${activity.calls_failed} failed${failure}`);
  for (const [family, clock] of Object.entries(activity.local_clock)) {
    const word = clock.ok ? "good" : "NOT good: no work is taken";
    row(
      `clock, IP${family}`,
      `${word} (${clock.vouching} of ${clock.asked} trusted servers agree, ${ago(clock.at)})`,
    );
  }
  row("session", sessionText(activity.session, rest.session_taken_over));
}

function sessionText(session: string | null, takenOver: boolean): string {
  if (takenOver) return "taken over by another agent with this identity: no work for a while";
  if (session === null) return "none: the control plane cannot ask for a check at once";
  return session === "mqtt" ? "open, over MQTT" : "open";
}
