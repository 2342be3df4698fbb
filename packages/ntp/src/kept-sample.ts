// A sample while its check goes on: what is told of it in the end, in one object instead of forty.

import type { LeapIndicator } from "./ntp-packet.ts";
import type { Exchange, ExchangeMode, KeptSample, Sample } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

/** A fifth of the sample's size. Nothing that is left out cannot be had again: `judgeExchanges` makes it of the evidence. */
export function keptSample(sample: Sample): KeptSample {
  return new FlatSample(sample);
}

class FlatSample implements KeptSample {
  readonly exchange: Exchange;
  readonly mode: ExchangeMode;
  readonly reason: SampleReason | undefined;
  readonly #timedExchange: Exchange | undefined;
  readonly #stratum: number | undefined;
  readonly #leap: LeapIndicator | undefined;
  readonly #offsetNs: bigint | undefined;
  readonly #delayNs: bigint | undefined;
  readonly #boundNs: bigint | undefined;

  constructor({ exchange, mode, reason, timed, packet, measurement }: Sample) {
    this.exchange = exchange;
    this.mode = mode;
    this.reason = reason;
    this.#timedExchange = timed?.exchange;
    this.#stratum = packet?.stratum;
    this.#leap = packet?.leap;
    this.#offsetNs = measurement?.offsetNs;
    this.#delayNs = measurement?.delayNs;
    this.#boundNs = measurement?.boundNs;
  }

  get timed(): KeptSample["timed"] {
    const exchange = this.#timedExchange;
    return exchange && { exchange };
  }

  get packet(): KeptSample["packet"] {
    const stratum = this.#stratum;
    const leap = this.#leap;
    return stratum === undefined || leap === undefined ? undefined : { stratum, leap };
  }

  get measurement(): KeptSample["measurement"] {
    const offsetNs = this.#offsetNs;
    const delayNs = this.#delayNs;
    const boundNs = this.#boundNs;
    if (offsetNs === undefined || delayNs === undefined || boundNs === undefined) return undefined;
    return { offsetNs, delayNs, boundNs };
  }
}
