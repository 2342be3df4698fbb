import { expect, test } from "vitest";
import { SHARDS, shardOf, shardsOf } from "./shards.ts";

test("any number of scorers hold all shards, each as many as any other, or one more", () => {
  for (let processes = 1; processes <= 40; processes += 1) {
    const held = Array.from({ length: processes }, (_, rank) => shardsOf(rank, processes));
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(SHARDS);
    expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
  }
});

test("servers are spread over all shards", () => {
  const counts = new Map<number, number>();
  for (let id = 1n; id <= 1_600n; id += 1n) {
    counts.set(shardOf(id), (counts.get(shardOf(id)) ?? 0) + 1);
  }
  expect([...counts.values()]).toEqual(Array.from({ length: SHARDS }, () => 100));
});
