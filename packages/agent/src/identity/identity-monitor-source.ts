// The monitors and credentials of an enrolled agent, as the running agent reads them: both follow the identity, so that
// a changed status, name or address and a renewed certificate reach it without a restart.

import type { IpAddress, IpFamily } from "@truechimer/base";
import type {
  AgentCredentials,
  ConfiguredMonitors,
  MonitorSource,
  SourceMonitor,
  SourceMonitorStatus,
  TlsIdentity,
} from "../monitor-source.ts";
import type { AgentIdentity } from "./agent-identity.ts";
import type { IdentitySnapshot } from "./identity-snapshot.ts";

export interface MonitorSourceSettings {
  /** Families that this host wants to probe in. Default: both. */
  readonly families?: readonly IpFamily[];
  /** What to send probes from, where a person says so. */
  readonly localAddresses?: Readonly<Partial<Record<IpFamily, IpAddress>>>;
}

export interface FollowedIdentity extends ConfiguredMonitors, Disposable {}

/** Listens to the identity until disposal. */
export function followIdentity(
  identity: AgentIdentity,
  settings: MonitorSourceSettings = {},
): FollowedIdentity {
  const monitorListeners = new Set<() => void>();
  const tlsListeners = new Set<() => void>();
  let monitors = monitorsOf(identity.current, settings);
  let tls = tlsOf(identity.current);
  const stop = identity.subscribe(() => {
    const nextMonitors = monitorsOf(identity.current, settings);
    const nextTls = tlsOf(identity.current);
    const monitorsChanged = !equalMonitors(monitors, nextMonitors);
    const tlsChanged = !equalTls(tls, nextTls);
    if (monitorsChanged) monitors = nextMonitors;
    if (tlsChanged) tls = nextTls;
    if (monitorsChanged) tell(monitorListeners);
    if (tlsChanged) tell(tlsListeners);
  });
  const source: MonitorSource = {
    get monitors() {
      return monitors;
    },
    subscribe: (listener) => listening(monitorListeners, listener),
    refresh: () => {
      identity.reload().catch(() => {});
    },
  };
  const credentials: AgentCredentials = {
    bearer: (signal, refused) => identity.bearer(signal, refused),
    get tls() {
      return tls;
    },
    subscribe: (listener) => listening(tlsListeners, listener),
  };
  return { source, credentials, [Symbol.dispose]: stop };
}

const STATUSES: ReadonlySet<string> = new Set([
  "pending",
  "testing",
  "active",
  "paused",
  "deleted",
]);

function monitorsOf(
  snapshot: IdentitySnapshot,
  { families = ["v4", "v6"], localAddresses = {} }: MonitorSourceSettings,
): readonly SourceMonitor[] {
  return families.flatMap((family) => {
    const { status, address } = snapshot[family];
    if (address === undefined) return [];
    const localAddress = localAddresses[family];
    return [
      {
        family,
        address,
        status: knownStatus(status),
        ...(localAddress === undefined ? {} : { localAddress }),
      },
    ];
  });
}

/** A word that this version does not know is no leave to work. */
function knownStatus(status: string): SourceMonitorStatus {
  return STATUSES.has(status) ? (status as SourceMonitorStatus) : "paused";
}

function tlsOf({ pair, rootPem }: IdentitySnapshot): TlsIdentity | undefined {
  if (pair === undefined) return;
  return { certificatePem: pair.certificatePem, keyPem: pair.keyPem, rootPem };
}

function equalMonitors(a: readonly SourceMonitor[], b: readonly SourceMonitor[]): boolean {
  const text = (monitors: readonly SourceMonitor[]): string =>
    monitors.map(({ address, status }) => `${address.text} ${status}`).join("\n");
  return text(a) === text(b);
}

function equalTls(a: TlsIdentity | undefined, b: TlsIdentity | undefined): boolean {
  return (
    a?.certificatePem === b?.certificatePem && a?.keyPem === b?.keyPem && a?.rootPem === b?.rootPem
  );
}

function tell(listeners: ReadonlySet<() => void>): void {
  for (const listener of Array.from(listeners)) listener();
}

function listening(listeners: Set<() => void>, listener: () => void): () => void {
  const entry = (): void => listener();
  listeners.add(entry);
  return () => {
    listeners.delete(entry);
  };
}
