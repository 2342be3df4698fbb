// The analytics over results that stand in the database, as a control plane with a history in memory answers.

import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { analyticsV1 } from "@truechimer/api";
import { systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { sql } from "kysely";
import { expect, vi } from "vitest";
import { tokenHash } from "../src/http/token.ts";
import { createToken } from "../src/index.ts";
import { SMALL, WAIT } from "./_history.ts";
import { ip, type TestServer, useServer } from "./_test-server.ts";

export type AnalyticsClient = Client<typeof analyticsV1.AnalyticsService>;

/** With that key. */
export function analyticsClient(url: string, key: string): AnalyticsClient {
  return createClient(
    analyticsV1.AnalyticsService,
    createConnectTransport({
      baseUrl: url,
      httpVersion: "1.1",
      interceptors: [
        (next) => (request) => {
          request.header.set("authorization", `Bearer ${key}`);
          return next(request);
        },
      ],
    }),
  );
}

/** A fleet of three servers and three monitors, of which nothing has been checked yet. */
export async function addFleet({ server }: TestServer): Promise<void> {
  for (const [at, name] of ["zurich", "oslo", "lima"].entries())
    await server.createMonitor({ name, address: ip(`10.0.0.${at + 1}`) });
  await server.addServers([
    { name: "true.example", address: ip("10.1.0.1"), port: 123 },
    { name: "fast.example", address: ip("10.1.0.2"), port: 123 },
    { name: "lossy.example", address: ip("10.1.0.3"), port: 123 },
  ]);
}

export interface InsertedCheck {
  readonly server: string;
  /** Absent: all servers of that name. */
  readonly address?: string;
  readonly monitor: string;
  /** Seconds before now. */
  readonly ageSeconds: number;
  readonly offsetNs?: number;
  readonly rttNs?: number;
  readonly boundNs?: number;
  readonly reason?: string;
  readonly sent?: number;
  readonly answered?: number;
  readonly score?: number;
}

export async function insertChecks(
  { kysely }: Database,
  checks: readonly InsertedCheck[],
): Promise<void> {
  const rows = checks.map((check) => ({
    server: check.server,
    address: check.address ?? null,
    monitor: check.monitor,
    age: check.ageSeconds,
    offset_ns: check.offsetNs ?? null,
    rtt_ns: check.rttNs ?? null,
    bound_ns: check.boundNs ?? null,
    reason: check.reason ?? null,
    sent: check.sent ?? 3,
    answered: check.answered ?? 3,
    score: check.score ?? 20,
  }));
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum, leap, reason,
      no_response, samples_sent, samples_answered, has_evidence)
    select now() - make_interval(secs => c.age), s.id, m.id, 1, c.score, c.offset_ns, c.bound_ns, c.rtt_ns, 2, 0, c.reason,
      c.offset_ns is null, c.sent, c.answered, false
    from json_to_recordset(${JSON.stringify(rows)}::json) c(server text, address inet, monitor text, age float8, offset_ns bigint,
      rtt_ns bigint, bound_ns bigint, reason text, sent int, answered int, score float8)
    join servers s on s.name = c.server and (c.address is null or s.ip = c.address)
    join monitors m on m.hostname = c.monitor`.execute(kysely);
}

/** A control plane that has all results in memory. */
export async function useLoadedServer(
  database: Database,
): Promise<TestServer & { readonly analytics: AnalyticsClient }> {
  const started = await useServer(database, { history: SMALL });
  await vi.waitFor(async () => {
    const { history } = await started.admin.getSystem({});
    expect(history?.horizon).toBeDefined();
    expect(history?.timeLeft).toBeUndefined();
  }, WAIT);
  return { ...started, analytics: analyticsClient(started.server.url, started.adminKey) };
}

/** The secret of a key of that account. */
export async function accountKey({ kysely }: Database, name: string): Promise<string> {
  const { id } = await kysely
    .insertInto("accounts")
    .values({ id_token: name, name })
    .returning("id")
    .executeTakeFirstOrThrow();
  const secret = createToken("tca_", systemRandom);
  await kysely
    .insertInto("api_keys")
    .values({ name, token_hash: tokenHash(secret), role: "viewer", account_id: id })
    .execute();
  return secret;
}

/** Seconds before now, as a request has it. */
export function ago(seconds: number): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: BigInt(Math.floor(Date.now() / 1_000 - seconds)), nanos: 0 };
}
