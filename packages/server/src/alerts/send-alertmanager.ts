// A message as an alert of Prometheus Alertmanager, one an incident: the labels are its identity there, so those of the end are
// those of the beginning. https://prometheus.io/docs/alerting/latest/alerts_api/

import type { JsonValue } from "@truechimer/database";
import type { MessageToSend } from "./message-to-send.ts";
import { postJson } from "./post-json.ts";
import type { HttpWay } from "./send-webhook.ts";

/** Without an end Alertmanager takes an alert that is not repeated for over. */
const LASTS_MS = 30 * 86_400_000;
const TEST_LASTS_MS = 60_000;

interface Facts {
  readonly data?: {
    readonly incident?: {
      readonly key: string;
      readonly cause: string;
      readonly title: string;
      readonly severity: string;
      readonly opened_at: string;
      readonly url?: string;
    };
  };
}

export async function sendToAlertmanager(
  { context, settings, secret, signal }: HttpWay,
  message: MessageToSend,
): Promise<void> {
  await postJson(context, {
    url: new URL(`${settings.url.replace(/\/+$/, "")}/api/v2/alerts`),
    body: JSON.stringify([alertOf(message)]),
    headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
    privateAllowed: settings.privateAllowed,
    signal,
  });
}

function alertOf(message: MessageToSend): JsonValue {
  const { kind, key, subject, body, createdAtMs } = message;
  const { incident } = ((message.answersFacts ?? message.facts) as Facts).data ?? {};
  const isOver = kind === "recovered";
  const lastsMs = isOver ? 0 : kind === "test" ? TEST_LASTS_MS : LASTS_MS;
  const createdAt = new Date(createdAtMs).toISOString();
  return {
    labels:
      incident === undefined
        ? { alertname: "TruechimerTest", severity: "info", message: key }
        : {
            alertname: "TruechimerIncident",
            incident: incident.key,
            cause: incident.cause,
            title: incident.title,
            severity: incident.severity,
          },
    annotations: { summary: subject, description: body },
    startsAt: incident === undefined ? createdAt : new Date(incident.opened_at).toISOString(),
    endsAt: new Date(createdAtMs + lastsMs).toISOString(),
    ...(incident?.url === undefined ? {} : { generatorURL: incident.url }),
  };
}
