// Words of the alerts in the database and in the API.

import type { Duration } from "@bufbuild/protobuf/wkt";
import { alertsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type {
  AlertSubjectName,
  DigestName,
  GroupingName,
  Schema,
  SeverityName,
} from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { EmailSecurity } from "../alerts/channel.ts";
import { objectMissing } from "../people/owned-objects.ts";

export const SUBJECTS: Readonly<Record<AlertSubjectName, alertsV1.AlertSubject>> = {
  servers: alertsV1.AlertSubject.SERVERS,
  monitors: alertsV1.AlertSubject.MONITORS,
  certificates: alertsV1.AlertSubject.CERTIFICATES,
};

export const SEVERITIES: Readonly<Record<SeverityName, alertsV1.AlertSeverity>> = {
  info: alertsV1.AlertSeverity.INFO,
  warning: alertsV1.AlertSeverity.WARNING,
  critical: alertsV1.AlertSeverity.CRITICAL,
};

export const GROUPINGS: Readonly<Record<GroupingName, alertsV1.AlertGrouping>> = {
  cause: alertsV1.AlertGrouping.CAUSE,
  rule: alertsV1.AlertGrouping.RULE,
  none: alertsV1.AlertGrouping.NONE,
};

export const SECURITIES: Readonly<Record<EmailSecurity, alertsV1.EmailSecurity>> = {
  starttls: alertsV1.EmailSecurity.STARTTLS,
  tls: alertsV1.EmailSecurity.TLS,
  none: alertsV1.EmailSecurity.NONE,
};

export const DIGESTS: Readonly<Record<DigestName, alertsV1.DigestPeriod>> = {
  off: alertsV1.DigestPeriod.OFF,
  daily: alertsV1.DigestPeriod.DAILY,
  weekly: alertsV1.DigestPeriod.WEEKLY,
};

/** The word for a number of the API; unspecified has none. */
export function wordOf<Word extends string>(
  words: Readonly<Record<Word, number>>,
  value: number,
): Word | undefined {
  return (Object.keys(words) as Word[]).find((word) => words[word] === value);
}

/** Fails with bad_request when it is unspecified or unknown. */
export function requiredWord<Word extends string>(
  field: string,
  words: Readonly<Record<Word, number>>,
  value: number,
): Word {
  const word = wordOf(words, value);
  if (word !== undefined) return word;
  throw new AppError(
    "bad_request",
    `${field} ${value}: expected one of ${Object.keys(words).join(", ")}`,
  );
}

const LENGTH_MAX_MS = 31 * 86_400_000;

/** Milliseconds, 0 when it was not sent, at most a month. */
export function lengthMs(field: string, duration: Duration | undefined): number {
  if (duration === undefined) return 0;
  const ms = Number(duration.seconds) * 1_000 + Math.round(duration.nanos / 1e6);
  if (ms >= 0 && ms <= LENGTH_MAX_MS) return ms;
  throw new AppError(
    "bad_request",
    `${field} ${lengthText(ms)}: expected 0s to ${lengthText(LENGTH_MAX_MS)}`,
  );
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

/** In the greatest unit that it is whole in, as people write it. */
function lengthText(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, each]) => ms !== 0 && ms % each === 0) ?? ["s", 1_000];
  return `${ms / unitMs}${unit}`;
}

/** What one caller sees: all, or its account's own. */
export function seenBy(column: string, accountId: bigint | undefined): RawBuilder<boolean> {
  return accountId === undefined
    ? sql<boolean>`true`
    : sql<boolean>`${sql.ref(column)} = ${accountId}::bigint`;
}

/** Fails with not_found, for those of another account as well. */
export async function requireChannels(
  kysely: Kysely<Schema>,
  ids: readonly bigint[],
  accountId: bigint | undefined,
): Promise<void> {
  if (ids.length === 0) return;
  const { rows } = await sql<{ readonly id: bigint }>`
    select id from alert_channels
    where id = any(${ids}::bigint[]) and removed_at is null and ${seenBy("account_id", accountId)}`.execute(
    kysely,
  );
  const known = new Set(rows.map(({ id }) => id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined) throw objectMissing("alertChannels", missing);
}
