// The control plane as the agent reaches it: the JSON endpoints with the API key, then the Connect service with the
// certificate over the pinned root. What it answers is what the checks after this one look at.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  type ControlPlane,
  createHttpConnections,
  type Hosts,
  type StoredIdentity,
} from "@truechimer/agent";
import { monitorV2 } from "@truechimer/api";
import { AppError, addressScope, type Clock, parseIpAddress, unixMsFromNs } from "@truechimer/base";
import { type DoctorFinding, errorText, findingsOf } from "../../doctor/finding.ts";
import { type PeerTime, peerTimeFrom } from "./peer-time.ts";

export interface AskOptions {
  readonly hosts: Hosts;
  readonly stored: StoredIdentity;
  /** Trusted where the state directory names no root. */
  readonly rootPem: string | undefined;
  readonly controlPlane: ControlPlane;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ControlPlaneAnswers {
  readonly findings: readonly DoctorFinding[];
  /** What an agent works by. Absent: it could not be had. */
  readonly config: monitorV2.GetConfigResponse | undefined;
  /** Absent: it did not answer, or said nothing of the time. */
  readonly peerTime: PeerTime | undefined;
}

const TIMEOUT_MS = 15_000;
const api = findingsOf("API");
const connection = findingsOf("connection");

export async function askControlPlane(options: AskOptions): Promise<ControlPlaneAnswers> {
  const first = await askForConfig(options);
  const { finding, config, peerTime } = await askService(options);
  return { findings: [...privacyFindings(options), first, finding], config, peerTime };
}

function privacyFindings({ hosts, stored, rootPem }: AskOptions): readonly DoctorFinding[] {
  const url = new URL(hosts.monitorUrl);
  if (url.protocol === "https:") {
    const pinned = stored.rootPem !== undefined || rootPem !== undefined;
    return pinned
      ? []
      : [
          connection.warning(
            `${url.origin} is trusted by this host's certificate authorities: no root is pinned`,
            "enrol with a one-time token, or name the control plane's root with --ca-file",
          ),
        ];
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const address = parseIpAddress(host);
  const isLocal =
    host === "localhost" || (address.ok && addressScope(address.value) === "loopback");
  if (isLocal) return [];
  return [
    connection.warning(
      `${url.origin} is not encrypted: the agent's key can be read on its way`,
      "use the control plane's https address",
    ),
  ];
}

async function askForConfig(options: AskOptions): Promise<DoctorFinding> {
  const { hosts, stored, controlPlane, signal } = options;
  const apiKey = stored.state?.apiKey ?? "";
  if (apiKey === "") return api.warning("not asked: there is no API key", "enrol this host");
  try {
    const config = await controlPlane.fetchConfig({
      ...hosts,
      apiKey,
      pair: stored.pair,
      rootPem: stored.rootPem ?? options.rootPem,
      signal,
      requestCertificate: false,
    });
    return api.ok(
      `${hosts.apiUrl} knows this agent as ${config.tlsName || config.name || "unnamed"}`,
    );
  } catch (error) {
    return failure(api, hosts.apiUrl, error);
  }
}

interface ServiceAnswer extends Pick<ControlPlaneAnswers, "config" | "peerTime"> {
  readonly finding: DoctorFinding;
}

async function askService(options: AskOptions): Promise<ServiceAnswer> {
  const { hosts, stored, userAgent, signal } = options;
  const { pair, state } = stored;
  const monitor = state?.v4.address ?? state?.v6.address;
  if (monitor === undefined) {
    return {
      finding: connection.warning("not asked: no monitor is registered yet"),
      config: undefined,
      peerTime: undefined,
    };
  }
  const tls =
    pair === undefined ? undefined : { ...pair, rootPem: stored.rootPem ?? options.rootPem };
  using connections = createHttpConnections(hosts.monitorUrl, { tls, subscribe: () => () => {} });
  const client = createClient(monitorV2.MonitorService, connections.createTransport([]));
  const nowMs = (): number => unixMsFromNs(options.clock.nowNs());
  const sentMs = nowMs();
  let peerTime: PeerTime | undefined;
  const onHeader = (headers: Headers): void => {
    peerTime = peerTimeFrom(headers.get("date"), { sentMs, receivedMs: nowMs() });
  };
  const authorization = state?.apiKey ? { authorization: `Bearer ${state.apiKey}` } : undefined;
  try {
    const config = await client.getConfig(
      { monId: monitor.text },
      {
        headers: { "user-agent": userAgent, ...authorization },
        signal,
        timeoutMs: TIMEOUT_MS,
        onHeader,
      },
    );
    const how =
      new URL(hosts.monitorUrl).protocol === "https:" && pair !== undefined
        ? "with its certificate"
        : "with its key";
    return {
      finding: connection.ok(`${hosts.monitorUrl} lets this agent work, ${how}`),
      config,
      peerTime,
    };
  } catch (error) {
    return { finding: failure(connection, hosts.monitorUrl, error), config: undefined, peerTime };
  }
}

function failure(make: ReturnType<typeof findingsOf>, url: string, error: unknown): DoctorFinding {
  const text = errorText(error);
  if (error instanceof AppError && error.code === "unauthenticated") return make.problem(text);
  if (isRefusal(error)) {
    return make.problem(
      `${url}: ${text}`,
      "is the agent approved, and is this the control plane that it was enrolled with?",
    );
  }
  return make.unreachable(
    `${url}: ${text}`,
    "check the address, this host's firewall and proxy, and that the control plane runs; a running agent goes on by itself",
  );
}

/** The peer was reached, and said no. */
function isRefusal(error: unknown): boolean {
  if (error instanceof AppError) return error.code !== "peer_unreachable";
  return error instanceof ConnectError && REFUSALS.has(error.code);
}

const REFUSALS: ReadonlySet<Code> = new Set([
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.Unauthenticated,
]);
