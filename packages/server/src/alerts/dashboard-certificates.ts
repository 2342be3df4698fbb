// The certificates that the dashboard presents now, for rules and silences.

import { type Database, nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { CertificateFacts } from "@truechimer/filter";
import { sql } from "kysely";

/** What no process has said for so long is presented by none: restarts take less. */
const SEEN_SECONDS = 600;

export async function dashboardCertificates({
  kysely,
}: Pick<Database, "kysely">): Promise<readonly CertificateFacts[]> {
  const { rows } = await sql<
    Omit<CertificateFacts, "notAfterNs"> & { readonly notAfter: Timestamptz }
  >`
    select id, names as name, source, issuer, not_after as "notAfter", last_error as error from dashboard_certificates
    where seen_at > now() - make_interval(secs => ${SEEN_SECONDS}) order by id`.execute(kysely);
  return rows.map(({ notAfter, ...row }) => ({ ...row, notAfterNs: nsFromTimestamptz(notAfter) }));
}
