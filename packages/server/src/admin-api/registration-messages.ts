// Registrations as people see them.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { Database, RegistrationStatusName } from "@truechimer/database";
import { optionalTimestamp, timestampFrom } from "./admin-message.ts";

/** Decided ones and waiting ones together; the limits of enrolment keep the waiting ones below it. */
const REGISTRATIONS_MAX = 2_000;

const STATUSES: Readonly<Record<RegistrationStatusName, adminV1.RegistrationStatus>> = {
  pending: adminV1.RegistrationStatus.PENDING,
  accepted: adminV1.RegistrationStatus.ACCEPTED,
  completed: adminV1.RegistrationStatus.COMPLETED,
  rejected: adminV1.RegistrationStatus.REJECTED,
  cancelled: adminV1.RegistrationStatus.CANCELLED,
};

export interface RegistrationSelection {
  /** Absent: all. */
  readonly id?: string;
  readonly includeDecided: boolean;
}

/** Newest first. */
export async function registrationMessages(
  { kysely }: Database,
  { id, includeDecided }: RegistrationSelection,
): Promise<adminV1.Registration[]> {
  const rows = await kysely
    .selectFrom("registrations as r")
    .leftJoin("accounts as c", "c.id", "r.account_id")
    .select([
      "r.id",
      "r.status",
      "r.hostname",
      "r.ipv4",
      "r.ipv6",
      "r.client_version",
      "r.created_at",
      "r.last_seen_at",
      "r.decided_at",
      "r.decided_by",
      "r.reason",
      "r.tls_name",
      "r.country",
      "r.network",
      "c.id_token as account",
    ])
    .$if(id !== undefined, (query) => query.where("r.id", "=", id ?? ""))
    // Whoever asks for one wants it whatever became of it.
    .$if(id === undefined && !includeDecided, (query) => query.where("r.status", "=", "pending"))
    .orderBy("r.created_at", "desc")
    .orderBy("r.id", "desc")
    .limit(REGISTRATIONS_MAX)
    .execute();
  return rows.map((row) =>
    create(adminV1.RegistrationSchema, {
      id: row.id,
      status: STATUSES[row.status],
      hostname: row.hostname,
      addresses: [row.ipv4, row.ipv6].filter((address) => address !== null),
      account: row.account ?? "",
      clientVersion: row.client_version,
      createdAt: timestampFrom(row.created_at),
      lastSeenAt: timestampFrom(row.last_seen_at),
      ...optionalTimestamp("decidedAt", row.decided_at),
      decidedBy: row.decided_by,
      reason: row.reason,
      tlsName: row.tls_name,
      country: row.country,
      network: row.network,
    }),
  );
}

export async function registrationMessage(
  database: Database,
  id: string,
): Promise<adminV1.Registration> {
  const [registration] = await registrationMessages(database, { id, includeDecided: true });
  if (registration === undefined)
    throw new AppError("not_found", `there is no registration with the id ${id.slice(0, 40)}`);
  return registration;
}
