// This host's clock and its way to NTP servers, by the servers that the control plane names as trusted: their answers
// show both that UDP port 123 is open and whether the clock is good enough to judge others. Where it names none, the
// clock is held against the control plane's own, which is told to the second.

import { checkOnce, type ResolveHost } from "@truechimer/agent";
import type { monitorV2 } from "@truechimer/api";
import type { Clock, IpFamily } from "@truechimer/base";
import type { ProbeSocket } from "@truechimer/udp";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";
import { KEEP_THE_CLOCK, trustedFindings } from "./judge-trusted.ts";
import { type PeerTime, peerTimeFinding } from "./peer-time.ts";

export interface ClockCheckOptions {
  readonly config: monitorV2.GetConfigResponse | undefined;
  /** What the control plane's answer said of the time. Absent: nothing. */
  readonly peerTime: PeerTime | undefined;
  readonly families: readonly IpFamily[];
  readonly probeSocket: ProbeSocket;
  readonly resolveHost: ResolveHost;
  readonly clock: Clock;
  /** UDP port of a trusted server. Default: 123 of each. */
  readonly portOf?: (host: string) => number;
  /** Default 3,000. */
  readonly sampleTimeoutMs?: number;
}

const NTP_PORT = 123;
const SAMPLES = 1;
const SAMPLE_TIMEOUT_MS = 3_000;
const SAMPLE_INTERVAL_MS = 2_000;
const clockFinding = findingsOf("clock");

export async function checkClock(options: ClockCheckOptions): Promise<readonly DoctorFinding[]> {
  const { config } = options;
  const hosts = (config?.baseChecks ?? []).map((bytes) => new TextDecoder().decode(bytes));
  if (hosts.length === 0) return [withoutTrustedServers(options)];
  const targets = await trustedServers(hosts, options);
  if (targets.length === 0) {
    return [
      clockFinding.warning(
        `not checked: none of the trusted servers has an address: ${hosts.join(", ")}`,
        "see that this host's resolver answers for them, or have the control plane name others",
      ),
    ];
  }
  const { probeSocket, clock, sampleTimeoutMs = SAMPLE_TIMEOUT_MS } = options;
  const checked = await checkOnce(targets, {
    socket: probeSocket,
    clock,
    samples: SAMPLES,
    sampleIntervalMs: SAMPLE_INTERVAL_MS,
    sampleTimeoutMs,
  });
  const checks = checked.map(({ target, result }) => ({ host: target.host, result }));
  return trustedFindings(checks);
}

function withoutTrustedServers({ config, peerTime }: ClockCheckOptions): DoctorFinding {
  if (peerTime !== undefined) return peerTimeFinding(peerTime, KEEP_THE_CLOCK);
  return clockFinding.warning(
    config === undefined
      ? "not checked: there is no configuration of the control plane, which names the trusted servers"
      : "not checked: the control plane names no trusted servers",
    "compare it yourself: truechimer-agent check with some servers that you trust",
  );
}

interface TrustedServer {
  readonly host: string;
  readonly address: Awaited<ReturnType<ResolveHost>>[number];
  readonly port: number;
}

async function trustedServers(
  hosts: readonly string[],
  { families, resolveHost, portOf = () => NTP_PORT }: ClockCheckOptions,
): Promise<readonly TrustedServer[]> {
  const found = await Promise.all(
    hosts.flatMap((host) =>
      families.map(async (family) => {
        const [address] = await resolveHost(host, family);
        if (address === undefined) return [];
        return [{ host: `${host} (IP${family})`, address, port: portOf(host) }];
      }),
    ),
  );
  return found.flat();
}
