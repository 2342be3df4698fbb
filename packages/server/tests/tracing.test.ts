// One trace from an agent's request to the rows that it wrote.

import {
  currentTraceparent,
  type FinishedSpan,
  startTracing,
  withSpan,
} from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { goodStatus, newSubmissionId } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin, monitorClient } = await useServer(database);

test("the agent's span, the call's, the transaction's, and the rows carry one trace", async () => {
  const spans: FinishedSpan[] = [];
  await using _tracing = await startTracing({
    serviceName: "test",
    version: "0",
    onSpanEnd: (span) => spans.push(span),
  });
  const { token } = await server.createMonitor({ name: "zurich", address: ip("10.0.0.1") });
  await admin.addServers({ targets: ["10.1.0.1"] });
  const client = monitorClient(token);
  const batch = await client.getServers({ monId: "10.0.0.1", submissionVersionMax: 5 });
  spans.length = 0;
  await withSpan("agent submits", {}, () =>
    client.submitResults(
      {
        version: 5,
        monId: "10.0.0.1",
        batchId: batch.batchId,
        submissionId: newSubmissionId(),
        list: batch.servers.map((each) => goodStatus(each)),
      },
      { headers: { traceparent: currentTraceparent() ?? "" } },
    ),
  );
  expect(spans.map(({ name }) => name)).toEqual([
    "store submission",
    "monitor.v2.MonitorService/SubmitResults",
    "agent submits",
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const traceId = spans[0]?.traceId;
  const submission = await database.kysely
    .selectFrom("submissions")
    .select("trace_id")
    .executeTakeFirstOrThrow();
  expect(submission.trace_id).toBe(traceId);
  const row = await database.kysely
    .selectFrom("log_scores")
    .select(["id", "attributes"])
    .executeTakeFirstOrThrow();
  expect(row.attributes).toMatchObject({ trace_id: traceId });
  expect(spans[0]?.attributes["truechimer.log_scores"]).toBe(String(row.id));
});
