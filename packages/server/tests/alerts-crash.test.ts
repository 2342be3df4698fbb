// Processes that look at rules and send messages are killed again and again: no message and no summary is missing, and one that
// comes twice was in flight at a kill and has the same Message-ID.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { unsafelyDeterministicRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { startMailbox } from "./_alerts.ts";

const database = await useDatabase({ poolSize: 5 });
const { kysely } = database;
const SCRIPT = fileURLToPath(new URL("_alert-replica.ts", import.meta.url));
const SERVERS = 16;
const KILLS = 4;

async function startReplica(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--conditions=source", SCRIPT, database.url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error("the replica has no output");
  await once(stdout, "data");
  return child;
}

async function setVerdict(
  verdict: "truechimer" | "falseticker",
  from: number,
  to: number,
): Promise<void> {
  const reason = verdict === "truechimer" ? "within_limit" : "offset_outside_limit";
  await sql`update servers set verdict = ${verdict}, verdict_reason = ${reason}, verdict_since = now()
    where id between ${from} and ${to}`.execute(kysely);
}

/** Messages that were not sent yet. Claims of the dead run out after a minute: here after 4 s. */
async function waiting(): Promise<number> {
  await sql`update alert_messages set claimed_until = now() - interval '1 second'
    where sent_at is null and claimed_until < now() + interval '56 seconds'`.execute(kysely);
  const { rows } = await sql<{ readonly missing: bigint }>`
    select count(*) as missing from alert_messages where sent_at is null`.execute(kysely);
  return Number(rows[0]?.missing);
}

test("nothing is missing, and what is doubled was in flight", async () => {
  const random = unsafelyDeterministicRandom(7);
  // As slow as a mail server across the world, so that kills find messages in flight.
  await using mailbox = await startMailbox({
    onRcptTo: (_address, _session, done) => void setTimeout(done, 60),
  });
  const settings = JSON.stringify({
    host: "127.0.0.1",
    port: mailbox.port,
    security: "none",
    username: "",
    from: "alerts@clocks.example",
    to: ["ops@clocks.example"],
  });
  await sql`insert into servers (name, ip, ip_version, verdict)
    select 's' || n, ('10.0.0.' || n)::inet, 'v4', 'truechimer' from generate_series(1, ${SERVERS}::int) n`.execute(
    kysely,
  );
  const yesterday = sql`now() - interval '1 day 1 minute'`;
  await sql`insert into alert_channels (name, kind, settings, digest, digest_minute, digest_since) values
    ('one', 'email', ${settings}::jsonb, 'daily', 0, ${yesterday}), ('two', 'email', ${settings}::jsonb, 'daily', 0, ${yesterday})`.execute(
    kysely,
  );
  await sql`insert into alert_rules (name, subject, filter, severity, holds_ms, recovers_ms, grouping, channel_ids)
    select 'liars', 'servers', 'verdict:falseticker', 'critical', 0, 0, 'none', array_agg(id) from alert_channels`.execute(
    kysely,
  );

  const replicas = await Promise.all([startReplica(), startReplica()]);
  let killed = 0;
  try {
    for (let round = 0; round < KILLS; round += 1) {
      const step = SERVERS / KILLS;
      await setVerdict("falseticker", round * step + 1, (round + 1) * step);
      if (round > 1) await setVerdict("truechimer", (round - 2) * step + 1, (round - 1) * step);
      const before = mailbox.mails.length;
      // A kill amid the sending.
      await vi.waitFor(
        async () => {
          await waiting();
          expect(mailbox.mails.length).toBeGreaterThan(before);
        },
        { timeout: 30_000, interval: 100 },
      );
      const at = Math.floor(random.fraction() * replicas.length);
      const victim = replicas[at];
      const closed = victim === undefined ? [] : once(victim, "close");
      victim?.kill("SIGKILL");
      await closed;
      killed += 1;
      replicas[at] = await startReplica();
    }
    await vi.waitFor(
      async () => {
        const { rows } = await sql<{ readonly opened: bigint }>`
          select count(*) as opened from alert_messages where kind = 'opened'`.execute(kysely);
        expect(Number(rows[0]?.opened)).toBe(2 * SERVERS);
        expect(await waiting()).toBe(0);
      },
      { timeout: 60_000, interval: 500 },
    );
  } finally {
    for (const replica of replicas) replica.kill("SIGKILL");
  }

  const { rows } = await sql<{ readonly key: string; readonly kind: string }>`
    select key, kind from alert_messages order by id`.execute(kysely);
  const ids = mailbox.mails.map(({ messageId }) => messageId);
  expect([...new Set(ids)].toSorted()).toEqual(
    rows.map(({ key }) => `<${key}@clocks.example>`).toSorted(),
  );
  const count = (kind: string): number => rows.filter((row) => row.kind === kind).length;
  expect(count("opened")).toBe(2 * SERVERS);
  expect(count("recovered")).toBe(2 * (SERVERS - (2 * SERVERS) / KILLS));
  expect(count("digest")).toBe(2);
  // Each kill can find one message of each channel in flight.
  expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(2 * killed);
}, 150_000);
