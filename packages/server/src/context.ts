// What every part of the control plane is given: the world as arguments.

import type { Clock, IpAddress, Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { HealthRegistry, Logger, Metrics } from "@truechimer/telemetry";
import type { AcmeSettings } from "./acme/acme-settings.ts";
import type { AgentSettings } from "./agent-settings.ts";
import type { Archive } from "./archive/archive.ts";
import type { HeadKeeper } from "./audit/keep-head.ts";
import type { HeadSigner } from "./audit/signed-head.ts";
import type { CertificateAuthority } from "./ca/certificate-authority.ts";
import type { Seal } from "./ca/seal.ts";
import type { SigningKeys } from "./ca/signing-keys.ts";
import type { FaultThread } from "./fault/fault-thread.ts";
import type { HotHistory } from "./history/hot-history.ts";
import type { PresentedCertificate } from "./http/presented-certificate.ts";
import type { JobTiming } from "./jobs/job-timing.ts";
import type { CallerKey, RequestAddresses } from "./limits/caller-key.ts";
import type { Limits } from "./limits/limits.ts";
import type { Loop } from "./loops/loop.ts";
import type { MonitorCalls } from "./monitor-api/monitor-calls.ts";
import type { TicketKeyring } from "./monitor-api/ticket-keyring.ts";
import type { Networks } from "./networks/networks.ts";
import type { OidcClient } from "./oidc/oidc-client.ts";
import type { MqttHubSettings } from "./on-demand/mqtt-hub.ts";
import type { CallerWatch } from "./people/caller-watch.ts";
import type { Passwords } from "./people/passwords.ts";
import type { ServerPolicy } from "./policy.ts";
import type { RuleSets } from "./rules/rule-sets.ts";
import type { ServerMetrics } from "./server-metrics.ts";

/** All addresses of a name; rejects when it does not resolve. */
export type ResolveName = (name: string, signal: AbortSignal) => Promise<readonly IpAddress[]>;

export type ServerRole = "api" | "scorer" | "worker";

export interface ServerContext {
  readonly version: string;
  readonly startedAtNs: bigint;
  /** ULID of this process among those of the cluster. */
  readonly replicaId: string;
  /** What this process does. */
  readonly roles: readonly ServerRole[];
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metricsRegistry: Metrics;
  readonly metrics: ServerMetrics;
  readonly health: HealthRegistry;
  readonly policy: ServerPolicy;
  readonly ruleSets: RuleSets;
  /** All that there are, whoever runs them. */
  readonly loops: readonly Loop[];
  readonly jobTiming: JobTiming;
  readonly resolveName: ResolveName;
  /** Which network an address is in. */
  readonly networks: Networks;
  readonly ticketKeys: TicketKeyring;
  readonly monitorCalls: MonitorCalls;
  readonly agents: AgentSettings;
  readonly limits: Limits;
  /** Keeps the end of the audit trail outside the database. */
  readonly auditHead: HeadKeeper;
  /** Absent: without a master key the end is not signed. */
  readonly auditSigner?: HeadSigner;
  /** Whom a request is counted for while nothing else is known of its caller. */
  readonly callerKey: CallerKey;
  readonly requestAddress: RequestAddresses;
  /** Hashes passwords, some at a time. */
  readonly passwords: Passwords;
  /** Ends what callers have open when they may no longer have it. */
  readonly callerWatch: CallerWatch;
  /** Absent, like the signing keys and the seal: no master key is configured. */
  readonly ca?: CertificateAuthority;
  readonly signingKeys?: SigningKeys;
  readonly seal?: Seal;
  /** Results in memory. Absent: every question goes to the database. */
  readonly history?: HotHistory;
  /** Judges whose fault it is, beside those who are being answered. */
  readonly faultThread: FaultThread;
  /** Absent: none is configured. */
  readonly archive?: Archive;
  /** Absent: there is no broker. */
  readonly mqtt?: MqttHubSettings;
  /** Absent: nobody signs in at a provider. */
  readonly oidc?: OidcClient;
  /** What the dashboard's listener of this process presents. */
  readonly presented: PresentedCertificate;
  /** Absent: the dashboard's certificate is not ordered by ACME. */
  readonly acme?: AcmeSettings;
  /** Address that people open, such as "https://clocks.example". Absent: it is not configured. */
  readonly publicUrl?: string;
  /** Something waits for the scorer: run it now rather than at its next look. */
  readonly wakeScorer: () => void;
}
