// This host's clock and its way to NTP servers, by the servers that the control plane names as trusted: their answers
// show both that UDP port 123 is open and whether the clock is good enough to judge others.

import { checkOnce, localClockVerdict, type ResolveHost } from "@truechimer/agent";
import type { monitorV2 } from "@truechimer/api";
import type { Clock, IpFamily } from "@truechimer/base";
import type { ProbeSocket } from "@truechimer/udp";
import { type DoctorFinding, findingsOf } from "./finding.ts";

export interface ClockCheckOptions {
  readonly config: monitorV2.GetConfigResponse | undefined;
  readonly families: readonly IpFamily[];
  readonly probeSocket: ProbeSocket;
  readonly resolveHost: ResolveHost;
  readonly clock: Clock;
}

const NTP_PORT = 123;
const SAMPLES = 1;
const SAMPLE_TIMEOUT_MS = 3_000;
const SAMPLE_INTERVAL_MS = 2_000;
const clockFinding = findingsOf("clock");
const udpFinding = findingsOf("UDP 123");
/** Nothing came back: it may be the way out. */
const SILENT: ReadonlySet<string> = new Set([
  "timeout",
  "permission_denied",
  "network_unreachable",
]);

export async function checkClock(options: ClockCheckOptions): Promise<readonly DoctorFinding[]> {
  const targets = await trustedServers(options);
  if (targets.length === 0) {
    return [
      clockFinding.warning(
        options.config === undefined
          ? "not checked: the control plane, which names the trusted servers, did not answer"
          : "not checked: the control plane names no trusted servers",
        "compare it yourself: truechimer-agent check with some servers that you trust",
      ),
    ];
  }
  const { probeSocket, clock } = options;
  const checked = await checkOnce(targets, {
    socket: probeSocket,
    clock,
    samples: SAMPLES,
    sampleIntervalMs: SAMPLE_INTERVAL_MS,
    sampleTimeoutMs: SAMPLE_TIMEOUT_MS,
  });
  const checks = checked.map(({ target, result }) => ({ host: target.host, result }));
  const silent = checks.filter(({ result }) => SILENT.has(result.outcome.reason ?? ""));
  if (silent.length === checks.length) {
    return [
      udpFinding.problem(
        `none of ${checks.length} trusted servers answered`,
        "let UDP to port 123 out, and the answers in, at this host's firewall and at what stands before it",
      ),
    ];
  }
  const { ok, failures } = localClockVerdict(checks);
  const answered = `${checks.length - silent.length} of ${checks.length} trusted servers answered`;
  return [
    silent.length === 0 ? udpFinding.ok(answered) : udpFinding.warning(answered),
    ok
      ? clockFinding.ok(`good: most of ${checks.length} trusted servers agree within 10 ms`)
      : clockFinding.problem(
          `not good enough to judge others: ${failures.join("; ")}`,
          "let chronyd, ntpd or ntpd-rs keep this host's clock, and look at it with chronyc tracking; while it is bad the agent takes no work",
        ),
  ];
}

interface TrustedServer {
  readonly host: string;
  readonly address: Awaited<ReturnType<ResolveHost>>[number];
  readonly port: number;
}

async function trustedServers({
  config,
  families,
  resolveHost,
}: ClockCheckOptions): Promise<readonly TrustedServer[]> {
  const hosts = (config?.baseChecks ?? []).map((bytes) => new TextDecoder().decode(bytes));
  const found = await Promise.all(
    hosts.flatMap((host) =>
      families.map(async (family) => {
        const [address] = await resolveHost(host, family);
        return address === undefined
          ? []
          : [{ host: `${host} (IP${family})`, address, port: NTP_PORT }];
      }),
    ),
  );
  return found.flat();
}
