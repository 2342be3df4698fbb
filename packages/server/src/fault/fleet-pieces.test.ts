import { describe, expect, test } from "vitest";
import { fleetPieces, type PlacedServer } from "./fleet-pieces.ts";

function server(id: number, networks: readonly string[], pairs = 2): PlacedServer {
  return { id, place: { id: String(id), networks }, pairs };
}

function idsOf(pieces: readonly (readonly PlacedServer[])[]): readonly (readonly number[])[] {
  return pieces.map((piece) => piece.map(({ id }) => id));
}

describe("pieces of a fleet", () => {
  test("a fleet that fits is one piece, and none is none", () => {
    expect(idsOf(fleetPieces([server(2, ["a"]), server(1, ["b"])], 4))).toEqual([[2, 1]]);
    expect(fleetPieces([], 4)).toEqual([]);
  });

  test("servers of one network stay together, wherever they stand in the list", () => {
    const servers = [1, 2, 3, 4, 5, 6].map((id) => server(id, [`p${id}`, id % 2 ? "AS1" : "AS2"]));
    expect(idsOf(fleetPieces(servers, 6))).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
  });

  test("a network that is too large is divided between its prefixes' neighbours, a server never", () => {
    const servers = [1, 2, 3, 4].map((id) => server(id, [id % 2 ? "odd" : "even", "AS1"], 3));
    expect(idsOf(fleetPieces(servers, 6))).toEqual([
      [2, 4],
      [1, 3],
    ]);
    expect(idsOf(fleetPieces([server(1, ["a"], 9)], 6))).toEqual([[1]]);
  });

  test("ten thousand servers are all judged, in pieces of about the same size", () => {
    const servers = Array.from({ length: 10_000 }, (_, id) =>
      server(id, [`prefix ${id}`, `AS${id % 700}`], 12),
    );
    const pieces = fleetPieces(servers);
    expect(new Set(idsOf(pieces).flat()).size).toBe(10_000);
    const sizes = pieces.map((piece) => piece.reduce((sum, { pairs }) => sum + pairs, 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(12_000);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(11_000);
  });
});
