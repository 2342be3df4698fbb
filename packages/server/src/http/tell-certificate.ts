// What the dashboard's listener of this process presents, for the rules of alerts, which another process may look at: a row
// that is written some times a minute.

import { sleep } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";

/** Certificates end by the day; who looks at a change of theirs may see it soon. */
const PERIOD_MS = 20_000;
/** Some periods: a process that stands still for a moment still presents its own. */
const SEEN_SECONDS = 120;
const NAMES_CHARACTERS_MAX = 1_000;
const ISSUER_CHARACTERS_MAX = 200;

/** Writes it now, and until it is disposed of. Nothing where the listener has no TLS. */
export function tellCertificate(
  context: Pick<
    ServerContext,
    "database" | "presented" | "acme" | "replicaId" | "clock" | "logger"
  >,
): AsyncDisposable {
  const stop = new AbortController();
  const keepTelling = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await writeCertificate(context).catch((error: unknown) =>
        context.logger.warn({ error }, "the dashboard's certificate is not looked at by rules"),
      );
      await sleep(context.clock, PERIOD_MS, stop.signal).catch(() => undefined);
    }
  };
  const telling = keepTelling();
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("stopped"));
      await telling;
    },
  };
}

/** Of several processes that present different ones for the same names the one that ends first stays, while it is presented. */
export async function writeCertificate({
  database,
  presented,
  acme,
  replicaId,
}: Pick<ServerContext, "database" | "presented" | "acme" | "replicaId">): Promise<void> {
  const current = presented.current();
  if (current === undefined) return;
  const names = current.names.join(", ").slice(0, NAMES_CHARACTERS_MAX);
  // What became of an order by ACME is in its own row, whichever process made it.
  const ordered =
    acme === undefined
      ? sql<string | null>`null::text`
      : sql<string | null>`(select last_error from acme_certificates
          where directory_url = ${acme.directoryUrl} and names = ${[...acme.names]}::text[])`;
  await sql`
    insert into dashboard_certificates as d (source, names, issuer, not_after, last_error, replica_id)
    values (${current.source}, ${names}, ${current.issuer.slice(0, ISSUER_CHARACTERS_MAX)},
      ${timestamptzFromNs(current.notAfterNs)}, coalesce(nullif(${ordered}, ''), ${current.error}), ${replicaId})
    on conflict (source, names) do update set issuer = excluded.issuer, not_after = excluded.not_after,
      last_error = excluded.last_error, replica_id = excluded.replica_id, seen_at = now()
    where d.replica_id = excluded.replica_id or d.not_after >= excluded.not_after
      or d.seen_at < now() - make_interval(secs => ${SEEN_SECONDS})`.execute(database.kysely);
}
