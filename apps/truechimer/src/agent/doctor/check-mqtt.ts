// The MQTT broker, where the control plane names one: reachable, with a certificate that leads to the pinned root, and
// willing to let this agent in. The client has a name of its own: with the agent's it would push the running one's
// session away.

import {
  type BrokerSettings,
  brokerSettings,
  MONITOR_DOMAIN_DEFAULT,
  type StoredIdentity,
} from "@truechimer/agent";
import type { monitorV2 } from "@truechimer/api";
import { AppError, type Clock } from "@truechimer/base";
import { agentClientId, createMqttSession } from "@truechimer/mqtt";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";

export interface MqttCheckOptions {
  readonly config: monitorV2.GetConfigResponse | undefined;
  readonly stored: Pick<StoredIdentity, "pair" | "rootPem" | "state">;
  readonly rootPem: string | undefined;
  /** Default: Truechimer's. */
  readonly monitorDomain?: string | undefined;
  readonly clock: Clock;
}

/** As long as the library waits for each of connection and answer. */
const LOGIN_MS_MAX = 20_000;
const { ok, problem, unreachable } = findingsOf("MQTT");

export async function checkMqtt(options: MqttCheckOptions): Promise<readonly DoctorFinding[]> {
  const broker = brokerSettings(options.config?.mqttConfig);
  if (broker === undefined) return [];
  const where = `${broker.host} port ${broker.port}`;
  const failure = await loginFailure(broker, options);
  return [
    failure === undefined ? ok(`${where} lets this agent in, over TLS`) : findingOf(where, failure),
  ];
}

function findingOf(where: string, failure: AppError): DoctorFinding {
  if (failure.code === "forbidden") {
    return problem(
      `${where} refuses this agent's login: ${failure.message}`,
      "the broker must take the tokens (JWT, as password) that the control plane makes; tell whoever runs the two",
    );
  }
  const code = systemCode(failure);
  if (/CERT|SIGNATURE|ISSUER|ALTNAME/.test(code)) {
    return problem(
      `${where}: its certificate cannot be trusted (${code})`,
      "it must be for that name and lead to the control plane's root (root.pem in the state directory, or --ca-file); see that nothing on the way breaks TLS open",
    );
  }
  return unreachable(
    `${where} cannot be reached${code === "" ? "" : ` (${code})`}`,
    "let TCP to that port out; without it nobody can ask this agent for a check at once, and everything else goes on",
  );
}

function systemCode({ cause }: AppError): string {
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** Undefined: it was let in. */
async function loginFailure(
  broker: BrokerSettings,
  { stored, rootPem, monitorDomain = MONITOR_DOMAIN_DEFAULT, clock }: MqttCheckOptions,
): Promise<AppError | undefined> {
  const ended = Promise.withResolvers<AppError | undefined>();
  const tlsName = stored.state?.tlsName ?? "";
  const host = broker.host.includes(":") ? `[${broker.host}]` : broker.host;
  const cancel = clock.setTimer(LOGIN_MS_MAX, () =>
    ended.resolve(new AppError("peer_unreachable", `no answer within ${LOGIN_MS_MAX / 1_000} s`)),
  );
  await using session = createMqttSession({
    url: `mqtts://${host}:${broker.port}`,
    clientId: `${agentClientId(tlsName, monitorDomain)}-doctor`,
    credentials: () => Promise.resolve({ username: tlsName, password: broker.token }),
    tls: () => ({
      rootPem: stored.rootPem ?? rootPem,
      certificatePem: stored.pair?.certificatePem,
      keyPem: stored.pair?.keyPem,
    }),
    subscriptions: [],
    onMessage: () => {},
    onUp: () => ended.resolve(undefined),
    onFailure: (error) => ended.resolve(error),
    reconnectDelayMs: () => LOGIN_MS_MAX,
    clock,
  });
  session.start();
  try {
    return await ended.promise;
  } finally {
    cancel();
  }
}
