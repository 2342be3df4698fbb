// A large fleet in pieces that are judged one after the other, each with bounded work. Servers of one network stay together
// where they fit, because an outage of their network is seen in them together; every monitor is seen in every piece that it
// watches servers of.

import type { ServerPlace } from "@truechimer/fault";

/** A server that is watched. */
export interface PlacedServer {
  readonly id: number;
  readonly place: ServerPlace;
  /** Monitors that watch it. */
  readonly pairs: number;
}

/** Pairs that are judged at once: 1,000 servers with twelve monitors each take a few tenths of a second. */
export const PIECE_PAIRS_MAX = 12_000;

/**
 * Each server once, in the same piece as long as the fleet stays as it is; pieces of about the same size. A network is
 * divided when it has more pairs than a piece, and a server never.
 */
export function fleetPieces(
  servers: readonly PlacedServer[],
  pairsMax: number = PIECE_PAIRS_MAX,
): readonly (readonly PlacedServer[])[] {
  const total = pairsOf(servers);
  const wanted = total / Math.max(1, Math.ceil(total / pairsMax));
  const pieces: PlacedServer[][] = [];
  let piece: PlacedServer[] = [];
  let pairs = 0;
  const close = (): void => {
    if (piece.length > 0) pieces.push(piece);
    piece = [];
    pairs = 0;
  };
  for (const group of groupsOf(servers, wanted)) {
    const size = pairsOf(group);
    if (pairs + size > pairsMax) close();
    piece.push(...group);
    pairs += size;
    if (pairs >= wanted) close();
  }
  close();
  return pieces;
}

/** What stays together: a network, or, of one that is too large, a server. */
function groupsOf(
  servers: readonly PlacedServer[],
  pairsMax: number,
): readonly (readonly PlacedServer[])[] {
  const sorted = servers.toSorted((a, b) => compare(networksOf(a), networksOf(b)) || a.id - b.id);
  const networks = [...Map.groupBy(sorted, ({ place }) => place.networks.at(-1) ?? "").values()];
  return networks.flatMap((group) =>
    pairsOf(group) <= pairsMax ? [group] : group.map((server) => [server]),
  );
}

/** The widest first, so that in a network that is divided the narrower ones lie side by side. */
function networksOf({ place }: PlacedServer): string {
  return place.networks.toReversed().join("\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function pairsOf(servers: readonly PlacedServer[]): number {
  return servers.reduce((sum, { pairs }) => sum + pairs, 0);
}
