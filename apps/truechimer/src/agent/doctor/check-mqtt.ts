// The MQTT broker, where the control plane names one: reachable, and its certificate leads to the pinned root. No session
// is opened: one with the agent's own name would push the running agent's away.

import { connect } from "node:tls";
import type { StoredIdentity } from "@truechimer/agent";
import type { monitorV2 } from "@truechimer/api";
import type { Clock } from "@truechimer/base";
import { type DoctorFinding, errorText, findingsOf } from "./finding.ts";

export interface MqttCheckOptions {
  readonly config: monitorV2.GetConfigResponse | undefined;
  readonly stored: StoredIdentity;
  readonly rootPem: string | undefined;
  readonly clock: Clock;
}

const HANDSHAKE_MS_MAX = 10_000;
const { ok, unreachable } = findingsOf("MQTT");

export async function checkMqtt(options: MqttCheckOptions): Promise<readonly DoctorFinding[]> {
  const mqtt = options.config?.mqttConfig;
  const host = new TextDecoder().decode(mqtt?.host ?? new Uint8Array());
  if (mqtt === undefined || host === "") return [];
  const where = `${host} port ${mqtt.port}`;
  try {
    await handshake(host, mqtt.port, options);
    return [ok(`${where} is reached over TLS`)];
  } catch (error) {
    return [
      unreachable(
        `${where}: ${errorText(error)}`,
        "let TCP to that port out; without it nobody can ask this agent for a check at once, and everything else goes on",
      ),
    ];
  }
}

function handshake(host: string, port: number, options: MqttCheckOptions): Promise<void> {
  const { stored, clock } = options;
  const ca = stored.rootPem ?? options.rootPem;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      servername: host,
      ...(ca === undefined ? {} : { ca }),
      ...(stored.pair === undefined
        ? {}
        : { cert: stored.pair.certificatePem, key: stored.pair.keyPem }),
    });
    const end = (finish: () => void): void => {
      cancel();
      socket.destroy();
      finish();
    };
    const cancel = clock.setTimer(HANDSHAKE_MS_MAX, () => {
      end(() => reject(new Error(`no answer within ${HANDSHAKE_MS_MAX / 1_000} s`)));
    });
    socket.once("secureConnect", () => end(resolve));
    socket.once("error", (error) => end(() => reject(error)));
  });
}
