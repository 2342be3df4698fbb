// Results as a copy brings them: every value as it is stored, and what is null as what stands for it.

import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { createResultsReader } from "../src/results-copy/results-reader.ts";

const database = await useDatabase();
const ALL = { fromUs: 0, toUs: Number.POSITIVE_INFINITY, before: undefined, rowsMax: 100 };

test("every value comes as it is stored, newest first, chunk by chunk", async () => {
  await database.pool.query(`
    insert into log_scores (id, ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum, leap, reason,
      no_response, samples_sent, samples_answered, has_evidence)
    values
      (9007199254740991, '2026-03-01 12:00:00.123456Z', 5000000000, 7, -0.5, 19.25, -9007199254740991, 1, 2147483648, 15, 3,
       'kiss_rate', true, 15, 14, true),
      (3, '2026-03-01 12:00:00Z', 1, 2, 1, -100, null, null, null, null, null, null, false, 0, 0, false),
      (2, '2026-03-01 12:00:00Z', 1, 2, 1, 20, 5, null, -4294967297, null, 0, '', false, 3, 0, true)`);
  const url = database.pool.options.connectionString ?? "";
  await using reader = createResultsReader({ url, applicationName: "test" });
  const read: object[] = [];
  expect(await reader.read({ ...ALL, rowsMax: 2 }, (row) => read.push({ ...row }))).toBe(2);
  const before = { atUs: 1_772_366_400_000_000, id: 3 };
  expect(await reader.count({ ...ALL, before })).toBe(1);
  expect(await reader.read({ ...ALL, before }, (row) => read.push({ ...row }))).toBe(1);
  const second = {
    id: 3,
    atUs: 1_772_366_400_000_000,
    serverId: 1,
    monitorId: 2,
    step: 1,
    score: -100,
    offsetNs: Number.NaN,
    boundNs: Number.NaN,
    rttNs: Number.NaN,
    stratum: -1,
    leap: -1,
    reason: "",
    noResponse: false,
    samplesSent: 0,
    samplesAnswered: 0,
    hasEvidence: false,
  };
  expect(read).toEqual([
    {
      id: 9_007_199_254_740_991,
      atUs: 1_772_366_400_123_456,
      serverId: 5e9,
      monitorId: 7,
      step: -0.5,
      score: 19.25,
      offsetNs: -9_007_199_254_740_991,
      boundNs: 1,
      rttNs: 2_147_483_648,
      stratum: 15,
      leap: 3,
      reason: "kiss_rate",
      noResponse: true,
      samplesSent: 15,
      samplesAnswered: 14,
      hasEvidence: true,
    },
    second,
    {
      ...second,
      id: 2,
      score: 20,
      offsetNs: 5,
      rttNs: -4_294_967_297,
      leap: 0,
      samplesSent: 3,
      hasEvidence: true,
    },
  ]);
});
