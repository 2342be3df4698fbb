// Server and monitor of a row as one number. Servers and monitors have ordinals of their own, which the chains of a block
// begin at.

/** Bytes that a pair, a server or a monitor takes here, table and arrays: measured with a million of them. */
const BYTES_PER_ENTRY = 64;

/** Grows with the fleet, never with the rows. */
export class PairDictionary {
  readonly #pairs = new Map<number, Map<number, number>>();
  readonly #servers = new Map<number, number>();
  readonly #monitors = new Map<number, number>();
  /** By ordinal. */
  readonly serverIds: number[] = [];
  readonly monitorIds: number[] = [];
  /** By pair: ordinals of its server and its monitor. */
  readonly serverOf: number[] = [];
  readonly monitorOf: number[] = [];

  get length(): number {
    return this.serverOf.length;
  }

  get bytes(): number {
    return (this.length + this.serverIds.length + this.monitorIds.length) * BYTES_PER_ENTRY;
  }

  pairOf(serverId: number, monitorId: number): number {
    let ofServer = this.#pairs.get(serverId);
    if (ofServer === undefined) {
      ofServer = new Map();
      this.#pairs.set(serverId, ofServer);
    }
    const known = ofServer.get(monitorId);
    if (known !== undefined) return known;
    const pair = this.serverOf.length;
    ofServer.set(monitorId, pair);
    this.serverOf.push(ordinalOf(this.#servers, this.serverIds, serverId));
    this.monitorOf.push(ordinalOf(this.#monitors, this.monitorIds, monitorId));
    return pair;
  }

  /** Undefined: no row of it was ever held. */
  serverOrdinal(serverId: number): number | undefined {
    return this.#servers.get(serverId);
  }

  monitorOrdinal(monitorId: number): number | undefined {
    return this.#monitors.get(monitorId);
  }
}

function ordinalOf(ordinals: Map<number, number>, ids: number[], id: number): number {
  const known = ordinals.get(id);
  if (known !== undefined) return known;
  ordinals.set(id, ids.length);
  return ids.push(id) - 1;
}
