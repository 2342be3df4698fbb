// Against a real Alertmanager: what begins arrives, is repeated while it lasts, ends when it is over, and is not lost while it
// is away.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { alertsV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { programAvailable } from "@truechimer/testing-programs";
import { sql } from "kysely";
import { afterAll, describe, expect, test, vi } from "vitest";
import { LOCAL_POLICY } from "../src/index.ts";
import { type HeldAlert, startAlertmanager } from "./_alertmanager.ts";
import { alertsClient, QUICK_LOOPS } from "./_alerts.ts";
import { useServer } from "./_test-server.ts";

const WAIT_MS = 20_000;

describe.skipIf(!programAvailable("prometheus-alertmanager", "prometheus-alertmanager"))(
  "Alertmanager",
  { timeout: 120_000 },
  async () => {
    /** What it tells its own receivers: "firing server:1". */
    const told: string[] = [];
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { alerts } = JSON.parse(Buffer.concat(chunks).toString()) as {
          readonly alerts: readonly {
            readonly status: string;
            readonly labels: HeldAlert["labels"];
          }[];
        };
        told.push(...alerts.map(({ status, labels }) => `${status} ${labels["cause"] ?? "test"}`));
        response.end();
      });
    });
    await new Promise<void>((resolve) => {
      receiver.listen(0, "127.0.0.1", resolve);
    });
    afterAll(() => void receiver.close());
    const { port } = receiver.address() as AddressInfo;
    const alertmanager = await startAlertmanager(`http://127.0.0.1:${port}/`);
    afterAll(() => alertmanager[Symbol.asyncDispose]());

    const database = await useDatabase({ poolSize: 10 });
    const { kysely } = database;
    const { server, adminKey } = await useServer(database, {
      roles: ["api", "worker"],
      loops: QUICK_LOOPS.filter(({ name }) => name.startsWith("alert_")),
      jobTiming: { pollMs: 50 },
      policy: LOCAL_POLICY,
    });
    const alerts = alertsClient(server.url, adminKey);
    const setVerdict = async (name: string, isTrue: boolean): Promise<void> => {
      await sql`update servers set verdict = ${isTrue ? "truechimer" : "falseticker"},
        verdict_reason = ${isTrue ? "within_limit" : "offset_outside_limit"} where name = ${name}`.execute(
        kysely,
      );
    };
    const causes = async (): Promise<readonly string[]> =>
      (await alertmanager.alerts()).map(({ labels }) => labels["title"] ?? "").toSorted();
    /** What would have come to pass in a minute, for messages that nobody is sending just now. */
    const makeDue = async (): Promise<void> => {
      await sql`update alert_messages set run_at = now() - interval '1 second', sent_at = sent_at - interval '1 minute'
        where claimed_until is null`.execute(kysely);
    };
    /** No message is being sent, and none will be for as long as this test takes. */
    const untilNothingIsDue = (): Promise<void> =>
      vi.waitFor(async () => {
        const { rows } = await sql<{ readonly left: number }>`
          with put_off as (
            update alert_messages set run_at = now() + interval '1 hour', sent_at = now()
            where claimed_until is null returning id
          )
          select (select count(*) from alert_messages)::int - (select count(*) from put_off)::int as left`.execute(
          kysely,
        );
        expect(rows[0]?.left).toBe(0);
      }, WAIT_MS);
    const untilHeld = (titles: readonly string[]): Promise<void> =>
      vi.waitFor(async () => {
        await makeDue();
        expect(await causes()).toEqual(titles);
      }, WAIT_MS);
    const setUp = async (): Promise<void> => {
      await sql`insert into servers (name, ip, ip_version, verdict) values
        ('ntp1', '10.9.0.1', 'v4', 'truechimer'), ('ntp2', '10.9.0.2', 'v4', 'truechimer')`.execute(
        kysely,
      );
      const { channel } = await alerts.saveAlertChannel({
        channel: {
          name: "am",
          way: { case: "alertmanager", value: { url: alertmanager.url, privateAllowed: true } },
        },
      });
      await alerts.testAlertChannel({ id: channel?.id ?? 0n });
      await alerts.saveAlertRule({
        rule: {
          name: "liars",
          enabled: true,
          subject: alertsV1.AlertSubject.SERVERS,
          filter: "verdict:falseticker",
          severity: alertsV1.AlertSeverity.CRITICAL,
          channelIds: [channel?.id ?? 0n],
        },
      });
    };

    await setUp();

    test("is told, tells its receivers, and is told again while it lasts", async () => {
      await vi.waitFor(() => expect(told).toContain("firing test"), WAIT_MS);
      await setVerdict("ntp1", false);
      await vi.waitFor(async () => expect(await causes()).toContain("ntp1"), WAIT_MS);
      const held = async (): Promise<HeldAlert | undefined> =>
        (await alertmanager.alerts()).find(({ labels }) => labels["title"] === "ntp1");
      const first = await held();
      expect(first?.labels).toMatchObject({
        alertname: "TruechimerIncident",
        cause: "server:1",
        severity: "critical",
      });
      expect(first?.annotations["summary"]).toBe("[critical] ntp1: liars");
      await vi.waitFor(() => expect(told).toContain("firing server:1"), WAIT_MS);
      await vi.waitFor(async () => {
        await makeDue();
        const repeated = await held();
        expect(Date.parse(repeated?.endsAt ?? "")).toBeGreaterThan(Date.parse(first?.endsAt ?? ""));
        expect([repeated?.startsAt, repeated?.labels]).toEqual([first?.startsAt, first?.labels]);
      }, WAIT_MS);
    });

    test("that was started anew, and has forgotten it, knows it a minute later", async () => {
      await alertmanager.stop();
      await untilNothingIsDue();
      await alertmanager.start();
      expect(await causes()).toEqual([]);
      await untilHeld(["ntp1"]);
    });

    test("that is away misses nothing: neither what began nor what is over", async () => {
      await alertmanager.stop();
      await setVerdict("ntp2", false);
      await setVerdict("ntp1", true);
      await vi.waitFor(async () => {
        const { messages } = await alerts.listAlertMessages({});
        const failed = messages.filter(({ lastError }) => lastError.includes("ECONNREFUSED"));
        expect(failed.map(({ kind }) => kind).toSorted()).toEqual(["opened", "recovered"]);
      }, WAIT_MS);
      // It has not forgotten all of it: what was told before it went is told to be over.
      await alertmanager.start();
      await untilHeld(["ntp2"]);
      await vi.waitFor(async () => {
        const { messages } = await alerts.listAlertMessages({});
        expect(messages.every(({ state }) => state === alertsV1.AlertMessageState.SENT)).toBe(true);
      }, WAIT_MS);
    });

    test("tells its receivers that it is over, and nothing is repeated then", async () => {
      await setVerdict("ntp2", true);
      await untilHeld([]);
      await vi.waitFor(() => expect(told).toContain("resolved server:2"), WAIT_MS);
      await makeDue();
      const { messages } = await alerts.listAlertMessages({});
      const opened = messages.filter(({ kind }) => kind === "opened");
      expect(opened).toHaveLength(2);
      // The second of two looks of the loop that sends would have repeated it.
      const runs = async (): Promise<number> => {
        const { rows } = await sql<{ readonly runs: bigint }>`
          select runs_total as runs from loop_runs where name = 'alert_messages'`.execute(kysely);
        return Number(rows[0]?.runs);
      };
      const before = await runs();
      await vi.waitFor(async () => expect(await runs()).toBeGreaterThan(before + 2), WAIT_MS);
      expect(await causes()).toEqual([]);
    });
  },
);
