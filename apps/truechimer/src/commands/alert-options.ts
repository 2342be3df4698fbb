// What the commands of the alerts read of their options.

import { AppError, parseDurationMs } from "@truechimer/base";
import type { AlertsClient } from "../admin-client.ts";

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
      `there is no alert channel "${word}": ${known || "there is none"}`,
    );
  });
}
