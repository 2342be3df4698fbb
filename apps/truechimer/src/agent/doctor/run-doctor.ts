// `doctor`: looks at everything that an agent needs, in the order in which one thing rests on another, and says of each
// how it is, what was found and what to do.

import { hostsOf, resolveHost, type StoredIdentity } from "@truechimer/agent";
import { type CliContext, createPrinter } from "../../cli-context.ts";
import { askedFormat } from "../../command-host.ts";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";
import { createFindingsPage } from "../../doctor/findings-page.ts";
import type { ExitCode } from "../../exit-code.ts";
import { createAgentCalls } from "../agent-calls.ts";
import {
  type AgentFlags,
  type AgentSettings,
  loadAgentSettings,
  typedCommand,
} from "../agent-settings.ts";
import { openAgentState } from "../open-agent-state.ts";
import { asRunningStatus } from "../running-status.ts";
import { askStatus } from "../status-socket.ts";
import { askControlPlane } from "./ask-control-plane.ts";
import { checkClock } from "./check-clock.ts";
import { checkIdentity } from "./check-identity.ts";
import { checkMqtt } from "./check-mqtt.ts";
import { checkNames } from "./check-names.ts";
import { checkStamps } from "./check-stamps.ts";
import { checkStateDirectory } from "./check-state-directory.ts";

export interface DoctorOptions {
  readonly flags: AgentFlags;
  readonly programName: string;
}

/** Good: nothing worse than a warning. No answer: nothing worse than that somebody could not be reached. */
export async function runDoctor(
  context: CliContext,
  { flags, programName }: DoctorOptions,
): Promise<ExitCode> {
  const settings = await loadAgentSettings(flags, context);
  const page = createFindingsPage(createPrinter(context, askedFormat(flags)));
  await examine({ context, settings, programName, tell: page.tell });
  return page.end();
}

interface Examination {
  readonly context: CliContext;
  readonly settings: AgentSettings;
  readonly programName: string;
  readonly tell: (findings: readonly DoctorFinding[]) => void;
}

async function examine({ context, settings, programName, tell }: Examination): Promise<void> {
  const { clock } = context;
  const store = openAgentState(settings, context);
  tell(await checkStateDirectory(settings, () => store.read()));
  const stored = await store.read().catch(() => NOTHING_STORED);
  tell(await checkRunning(settings, { context, programName }));
  const enrollCommand = typedCommand(
    `${programName} enroll --server URL --token-file FILE`,
    settings,
  );
  tell(checkIdentity({ stored, nowNs: clock.nowNs(), enrollCommand }));
  const stamps = await checkStamps(context);
  await using probeSocket = stamps.probeSocket;
  tell([stamps.finding]);
  const hosts = hostsOf(settings.hosts, {
    enrolment: stored.enrolment,
    tlsName: stored.state?.tlsName ?? "",
  });
  if (!hosts.ok) {
    tell([findingsOf("API").problem(hosts.error)]);
    return;
  }
  const { families, rootPem } = settings;
  tell(await checkNames({ hosts: hosts.value, families, resolveHost }));
  const { userAgent, controlPlane } = createAgentCalls(settings, clock);
  const { signal } = new AbortController();
  const { findings, config, peerTime } = await askControlPlane({
    hosts: hosts.value,
    stored,
    rootPem,
    controlPlane,
    userAgent,
    clock,
    signal,
  });
  tell(findings);
  const { monitorDomain } = settings.hosts;
  tell(await checkMqtt({ config, stored, rootPem, monitorDomain, clock }));
  tell(await checkClock({ config, peerTime, families, probeSocket, resolveHost, clock }));
}

const NOTHING_STORED: StoredIdentity = {
  state: undefined,
  pair: undefined,
  rootPem: undefined,
  enrolment: undefined,
  damaged: [],
  problems: [],
  pairIncomplete: false,
  digests: {},
};

async function checkRunning(
  settings: AgentSettings,
  { context, programName }: Pick<Examination, "context" | "programName">,
): Promise<readonly DoctorFinding[]> {
  const { ok, warning, problem } = findingsOf("agent");
  const running = asRunningStatus(await askStatus(settings.directory, context.clock));
  if (running === undefined) {
    const start = typedCommand(`${programName} run`, settings);
    return [warning("none runs on this directory, or none that this account may ask", start)];
  }
  const { process_id, version, activity, session_taken_over } = running;
  if (session_taken_over) {
    return [
      problem(
        "another agent with the same identity runs somewhere: the two push each other away",
        "stop one of them, and enrol each host on its own",
      ),
    ];
  }
  const text = `process ${process_id} runs, version ${version}, ${activity.checks} checks so far`;
  if (activity.call_failure === null) return [ok(text)];
  return [warning(`${text}; its last call failed: ${activity.call_failure}`)];
}
