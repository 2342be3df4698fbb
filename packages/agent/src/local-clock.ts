// Watches the host's own clock against the servers that the control plane names as trusted. While it is not good, the
// monitor takes no work: a wrong clock would make liars of honest servers.

import { type Clock, type IpFamily, sleep } from "@truechimer/base";
import type { CheckResult } from "@truechimer/ntp";
import type { Logger } from "@truechimer/telemetry";
import { addressRefusal } from "./address-policy.ts";
import type { LocalClockFinding } from "./agent-metrics.ts";
import { localClockVerdict, type TrustedHostCheck, vouchesForUs } from "./local-clock-verdict.ts";
import type { MonitorConfig } from "./monitor-config.ts";
import type { ResolveHost } from "./resolve-host.ts";
import type { CheckTarget } from "./run-check.ts";
import { NTP_PORT } from "./work-batch.ts";

export interface LocalClockOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly family: IpFamily;
  readonly resolveHost: ResolveHost;
  readonly probe: (target: CheckTarget) => Promise<CheckResult>;
  readonly onChecked: (finding: Omit<LocalClockFinding, "family">) => void;
  readonly signal: AbortSignal;
}

export interface LocalClock {
  /** How long to wait before asking again; 0: the clock is good, or nobody was named to judge it. */
  restMs(config: MonitorConfig): Promise<number>;
}

/** A finding, good or bad, stands this long. */
const FINDING_MS = 180_000;
/** Between the starts of two checks, so that their packets do not queue behind each other. */
const STAGGER_MS = 20;
const NS_PER_MS = 1_000_000;

export function createLocalClock(options: LocalClockOptions): LocalClock {
  const { clock, logger } = options;
  let finding: { ok: boolean; untilNs: bigint; hosts: string } | undefined;
  let saidThatSkipped = false;

  const findOut = async (config: MonitorConfig): Promise<boolean> => {
    const checks = await checkTrustedHosts(config, options);
    const { ok, failures } = localClockVerdict(checks);
    options.onChecked({
      ok,
      hosts: checks.map(({ host, result }) => ({ host, ok: vouchesForUs(result) })),
      queries: checks.reduce((sum, { result }) => sum + result.samples.length, 0),
    });
    const fields = { hosts: checks.map(({ host }) => host), failures };
    if (ok) logger.info(fields, "host's clock agrees with the trusted servers");
    else
      logger.warn(fields, "host's clock does not agree with the trusted servers: no work is taken");
    return ok;
  };

  return {
    restMs: async (config) => {
      if (config.baseChecks.length === 0) {
        if (!saidThatSkipped) {
          logger.info(
            {},
            "host's clock is not checked: the control plane names no trusted servers",
          );
        }
        saidThatSkipped = true;
        return 0;
      }
      const hosts = `${config.samples} samples of ${config.baseChecks.join(" ")}`;
      if (
        finding === undefined ||
        finding.untilNs <= clock.monotonicNs() ||
        finding.hosts !== hosts
      ) {
        const ok = await findOut(config);
        const untilNs = clock.monotonicNs() + BigInt(FINDING_MS * NS_PER_MS);
        finding = { ok, untilNs, hosts };
      }
      if (finding.ok) return 0;
      return Math.max(1, Number(finding.untilNs - clock.monotonicNs()) / NS_PER_MS);
    },
  };
}

/** Hosts without an address of the family, or with one that may not be probed, are left out and named. */
async function checkTrustedHosts(
  config: MonitorConfig,
  options: LocalClockOptions,
): Promise<readonly TrustedHostCheck[]> {
  const { clock, logger, family, signal } = options;
  const checks = config.baseChecks.map(async (host, position) => {
    await sleep(clock, position * STAGGER_MS, signal);
    const [address] = await options.resolveHost(host, family);
    if (address === undefined) {
      logger.warn({ host, family }, "trusted server has no address");
      return [];
    }
    const refusal = addressRefusal(address, config);
    if (refusal !== undefined) {
      logger.warn({ host, refusal }, "trusted server is not probed");
      return [];
    }
    const result = await options.probe({ address, port: NTP_PORT });
    return [{ host, result }];
  });
  return (await Promise.all(checks)).flat();
}
