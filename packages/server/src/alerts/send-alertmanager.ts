// A message as an alert of Prometheus Alertmanager, one an incident: the labels are its identity there, so those of the end are
// those of the beginning. It is repeated while it lasts: Alertmanager forgets it when it is started anew, and takes one whose end
// has passed for over. https://prometheus.io/docs/alerting/latest/alerts_api/

import { unixMsFromNs } from "@truechimer/base";
import type { JsonValue } from "@truechimer/database";
import type { MessageToSend } from "./message-to-send.ts";
import { postJson } from "./post-json.ts";
import type { HttpWay } from "./send-webhook.ts";

/** As Prometheus does it. */
export const REPEAT_MS = 60_000;
/** Longer than an upgrade of ours takes: that we are away is no good news. What is not repeated for so long is over. */
const LASTS_MS = 3_600_000;
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
    body: JSON.stringify([alertOf(message, unixMsFromNs(context.clock.nowNs()))]),
    headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
    privateAllowed: settings.privateAllowed,
    signal,
  });
}

function alertOf(message: MessageToSend, nowMs: number): JsonValue {
  const { kind, key, subject, body, createdAtMs } = message;
  const { incident } = ((message.answersFacts ?? message.facts) as Facts).data ?? {};
  const endsAtMs =
    kind === "recovered" ? createdAtMs : nowMs + (kind === "test" ? TEST_LASTS_MS : LASTS_MS);
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
    endsAt: new Date(endsAtMs).toISOString(),
    ...(incident?.url === undefined ? {} : { generatorURL: incident.url }),
  };
}
