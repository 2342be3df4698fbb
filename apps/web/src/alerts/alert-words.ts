// The alerts' enumerations in words.

import { alertsV1 } from "@truechimer/api";

const SEVERITIES: Readonly<Record<number, string>> = {
  [alertsV1.AlertSeverity.INFO]: "info",
  [alertsV1.AlertSeverity.WARNING]: "warning",
  [alertsV1.AlertSeverity.CRITICAL]: "critical",
};

export function severityWord(severity: alertsV1.AlertSeverity): string {
  return SEVERITIES[severity] ?? "unknown";
}

/** Where a channel leads to. */
export function destinationText({ way }: Pick<alertsV1.AlertChannel, "way">): string {
  switch (way.case) {
    case "email":
      return way.value.to.join(", ");
    case "webhook":
    case "alertmanager":
      return way.value.url;
    default:
      return "";
  }
}

const KINDS: Readonly<Record<string, string>> = {
  email: "e-mail",
  webhook: "webhook",
  alertmanager: "Alertmanager",
};

export function channelKindWord({ way }: Pick<alertsV1.AlertChannel, "way">): string {
  return KINDS[way.case ?? ""] ?? "unknown";
}

/** Who was told: each channel once, those that the message did not reach with a word. */
export function toldText(
  messages: readonly Pick<alertsV1.AlertMessage, "channelName" | "state">[],
): string {
  if (messages.length === 0) return "nobody yet";
  const words = messages.map(({ channelName, state }) => {
    if (state === alertsV1.AlertMessageState.SENT) return channelName;
    const word = state === alertsV1.AlertMessageState.DEAD ? "given up" : "on its way";
    return `${channelName} (${word})`;
  });
  return [...new Set(words)].join(", ");
}
