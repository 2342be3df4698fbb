// A small fleet with everything in it that filters can be asked about, and with names that SQL could trip over.

import type { Database } from "@truechimer/database";
import { sql } from "kysely";

export const HOSTILE: readonly string[] = [
  "'; drop table servers; --",
  'quote " and back\\slash',
  "100%_done",
  "100xydone",
  "$1 ${x} %s",
  "Zürich ÄÖ ß İ",
  "emoji 🕰️ clock",
  "-- or 1=1",
];

/** Servers and monitors by those names, and 200 checks of every kind; what can be absent is, here and there. */
export async function insertFilterRows({ kysely }: Pick<Database, "kysely">): Promise<void> {
  await sql`
    insert into agents (id_token, name, tls_name, country, network)
    select 'a' || n, 'agent ' || n, 'a' || n || '.test', (array['DE', 'CH', ''])[n], (array['AS64500 Example', '', ''])[n]
    from generate_series(1, 3) n`.execute(kysely);
  await sql`
    insert into monitors (id_token, hostname, ip, ip_version, status, location, client_version, online, agent_id)
    select 'm' || n, name, ('10.0.0.' || n)::inet, 'v4', (array['active', 'testing', 'paused'])[1 + n % 3],
      case when n % 2 = 0 then 'Zurich, rack 4' else '' end, case when n % 3 = 0 then '' else '0.1.' || n end,
      n % 2 = 0, (select id from agents where id_token = 'a' || n)
    from unnest(${[...HOSTILE]}::text[]) with ordinality as t (name, n)`.execute(kysely);
  await sql`
    insert into servers (name, ip, port, ip_version, state, removed_on, verdict, verdict_reason, reference_id, offset_ns,
      stratum, score_raw, last_check_ts, witnesses_fresh)
    select name, ('2001:db8::' || n)::inet, 123 + n % 2, 'v6', case when n = 8 then 'removed' else 'watched' end,
      case when n = 8 then now() end, (array['truechimer', 'falseticker', 'unreachable', 'unsure'])[1 + n % 4],
      (array['within_limit', 'offset_outside_limit', 'no_answer', 'few_witnesses'])[1 + n % 4],
      case when n % 3 = 0 then '' else 'GPS' end, case when n % 3 = 0 then null else (n - 4) * 2000000 end,
      case when n % 4 = 0 then null else n end, case when n % 4 = 0 then null else n end, now() - n * interval '10 minutes', n
    from unnest(${[...HOSTILE]}::text[]) with ordinality as t (name, n)`.execute(kysely);
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum, leap, reason,
      has_evidence)
    select now() - n * interval '1 minute', s.id, m.id, case when n % 5 = 0 then -5 else 1 end, n % 20,
      case when n % 5 = 0 then null else (n - 100) * 100000 end, case when n % 7 = 0 then null else n * 1000 end,
      case when n % 5 = 0 then null else n * 1000000 end, case when n % 5 = 0 then null else n % 6 end,
      case when n % 5 = 0 then null else n % 4 end,
      case when n % 5 = 0 then (array['timeout', 'kiss_rate', 'bad_stratum'])[1 + n % 3] end, n % 2 = 0
    from generate_series(1, 200) n
    join servers s on s.name = (${[...HOSTILE]}::text[])[1 + n % 8]
    join monitors m on m.hostname = (${[...HOSTILE]}::text[])[1 + (n / 8) % 8]`.execute(kysely);
  await sql`
    insert into events (at, kind, server_id, monitor_id, verdict_before, verdict_after, reason, text)
    select now() - s.id * interval '1 hour', 'verdict_changed', s.id, null::bigint, 'unsure', s.verdict, s.verdict_reason,
      s.name || ' changed' from servers s
    union all
    select now() - m.id * interval '1 hour', 'monitor_offline', null, m.id, null, null, '', m.hostname || ' is gone'
    from monitors m`.execute(kysely);
}
