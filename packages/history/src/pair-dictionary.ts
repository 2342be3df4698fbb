// Server and monitor of a row as one number. Servers and monitors have ordinals of their own, which the chains of a block
// begin at.

import { OrdinalTable } from "./ordinal-table.ts";

const ORDINALS_FIRST = 8;
const BYTES_PER_PAIR = 8;

/** Grows with the fleet, never with the rows. */
export class PairDictionary {
  readonly #pairs = new OrdinalTable();
  readonly #servers = new OrdinalTable();
  readonly #monitors = new OrdinalTable();
  #serverOf = new Uint32Array(ORDINALS_FIRST);
  #monitorOf = new Uint32Array(ORDINALS_FIRST);

  /** Pairs. */
  get length(): number {
    return this.#pairs.length;
  }

  get servers(): number {
    return this.#servers.length;
  }

  get monitors(): number {
    return this.#monitors.length;
  }

  get bytes(): number {
    return (
      this.#pairs.bytes +
      this.#servers.bytes +
      this.#monitors.bytes +
      this.#serverOf.length * BYTES_PER_PAIR
    );
  }

  /** By pair: ordinals of its server and its monitor. Other arrays once there are more pairs. */
  get serverOf(): Uint32Array {
    return this.#serverOf;
  }

  get monitorOf(): Uint32Array {
    return this.#monitorOf;
  }

  /** By ordinal. */
  get serverIds(): Float64Array {
    return this.#servers.first.subarray(0, this.servers);
  }

  get monitorIds(): Float64Array {
    return this.#monitors.first.subarray(0, this.monitors);
  }

  serverIdOf(pair: number): number {
    return this.#pairs.first[pair] as number;
  }

  monitorIdOf(pair: number): number {
    return this.#pairs.second[pair] as number;
  }

  pairOf(serverId: number, monitorId: number): number {
    const known = this.#pairs.length;
    const pair = this.#pairs.add(serverId, monitorId);
    if (pair < known) return pair;
    if (pair === this.#serverOf.length) {
      this.#serverOf = doubled(this.#serverOf);
      this.#monitorOf = doubled(this.#monitorOf);
    }
    this.#serverOf[pair] = this.#servers.add(serverId, 0);
    this.#monitorOf[pair] = this.#monitors.add(monitorId, 0);
    return pair;
  }

  /** Undefined: no row of it was ever held. */
  serverOrdinal(serverId: number): number | undefined {
    const ordinal = this.#servers.find(serverId, 0);
    return ordinal < 0 ? undefined : ordinal;
  }

  monitorOrdinal(monitorId: number): number | undefined {
    const ordinal = this.#monitors.find(monitorId, 0);
    return ordinal < 0 ? undefined : ordinal;
  }
}

function doubled(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(values.length * 2);
  grown.set(values);
  return grown;
}
