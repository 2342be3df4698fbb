// What the commands of the alerts read of their options.

import { alertsV1 } from "@truechimer/api";
import { AppError, parseDurationMs } from "@truechimer/base";
import type { AlertsClient } from "../admin-client.ts";

/** What a filter is a filter of. */
export const ALERT_SUBJECTS: Readonly<Record<AlertSubjectWord, alertsV1.AlertSubject>> = {
  servers: alertsV1.AlertSubject.SERVERS,
  monitors: alertsV1.AlertSubject.MONITORS,
  certificates: alertsV1.AlertSubject.CERTIFICATES,
};

export type AlertSubjectWord = "servers" | "monitors" | "certificates";

interface Length {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** {} where it is absent. */
export function lengthOption<Key extends string>(
  option: string,
  key: Key,
  text: string | undefined,
): { readonly [K in Key]?: Length } {
  if (text === undefined) return {};
  const parsed = parseDurationMs(text);
  if (!parsed.ok) throw new AppError("usage", `${option}: ${parsed.error}`);
  const seconds = Math.floor(parsed.value / 1_000);
  const nanos = Math.round((parsed.value - seconds * 1_000) * 1e6);
  return { [key]: { seconds: BigInt(seconds), nanos } } as { readonly [K in Key]?: Length };
}

/** Of an incident or a silence. */
export function alertId(word: string, kind: string): bigint {
  if (/^\d{1,18}$/.test(word)) return BigInt(word);
  throw new AppError(
    "usage",
    `"${word}" is no number of ${kind === "incident" ? "an" : "a"} ${kind}`,
  );
}

export async function channelsNamed(
  client: AlertsClient,
  names: readonly string[],
): Promise<bigint[]> {
  if (names.length === 0) return [];
  const { channels } = await client.listAlertChannels({});
  return names.map((word) => {
    const found = channels.find(({ id, name }) => name === word || String(id) === word);
    if (found !== undefined) return found.id;
    const known = channels.map(({ name }) => name).join(", ");
    throw new AppError(
      "not_found",
      `there is no alert channel "${word}": ${known === "" ? 'there is none yet, see "truechimer help alerts channels"' : `expected one of ${known}`}`,
    );
  });
}

/** "22:00-07:00", by UTC, or with a zone behind it: "22:00-07:00 Europe/Zurich". {} where it is absent. */
export function quietHoursOption(text: string | undefined): {
  readonly quietHours?: { fromMinute: number; toMinute: number; zone: string };
} {
  if (text === undefined) return {};
  const [, from = "", to = "", zone = ""] =
    /^([01]\d:[0-5]\d|2[0-3]:[0-5]\d)-([01]\d:[0-5]\d|2[0-3]:[0-5]\d)(?: (\S+))?$/.exec(text) ?? [];
  if (from === "") {
    throw new AppError(
      "usage",
      `--quiet-hours "${text}": expected such as "22:00-07:00" or "22:00-07:00 Europe/Zurich"`,
    );
  }
  return { quietHours: { fromMinute: minuteOf(from), toMinute: minuteOf(to), zone } };
}

function minuteOf(clock: string): number {
  const [hours = "0", minutes = "0"] = clock.split(":");
  return 60 * Number(hours) + Number(minutes);
}
