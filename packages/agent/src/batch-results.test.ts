import { parseIpAddress } from "@truechimer/base";
import { createVirtualClock } from "@truechimer/testing-sim";
import { expect, test } from "vitest";
import { type BatchResults, createBatchResults, type EndedCheck } from "./batch-results.ts";

const GATHER_MS = 30_000;

function checkOf(port: number): EndedCheck {
  const address = parseIpAddress("192.0.2.1");
  if (!address.ok) throw new Error(address.error);
  return { item: { address: address.value, port }, status: new Uint8Array() };
}

/** Ports of the servers in each submission. */
function useResults() {
  const clock = createVirtualClock();
  const submissions: (readonly number[])[] = [];
  const results: BatchResults = createBatchResults({
    clock,
    gatherMs: GATHER_MS,
    gathering: new Set(),
    submit: (checks) => submissions.push(checks.map(({ item }) => item.port)),
  });
  return { clock, submissions, results };
}

test("results of different servers are gathered into one submission", async () => {
  const { clock, submissions, results } = useResults();
  for (const port of [1, 2, 3]) results.ended(checkOf(port));
  expect(submissions).toEqual([]);
  await clock.advance(GATHER_MS);
  expect(submissions).toEqual([[1, 2, 3]]);
});

test("a second result of one server begins another submission: of two in one the control plane counts one", async () => {
  const { clock, submissions, results } = useResults();
  for (const port of [1, 2, 1, 3, 1]) results.ended(checkOf(port));
  expect(submissions).toEqual([
    [1, 2],
    [1, 3],
  ]);
  await clock.advance(GATHER_MS);
  expect(submissions).toEqual([[1, 2], [1, 3], [1]]);
});
