// A check's result, straight from what was found to the bytes of `fullStatus`: without the forty objects of its messages,
// which at thousands of servers a minute are a tenth of an agent's time. A test holds the bytes against the generated code.

import { parseIpAddress } from "@truechimer/base";
import { type KeptSample, reasonText, timedExchangeIndex } from "@truechimer/ntp";
import { EXCHANGE_MODES, stampSource } from "./exchange-message.ts";
import { ProtobufBuffer } from "./protobuf-buffer.ts";
import type { FinishedCheck } from "./server-status.ts";

/** Of one monitor; its buffer is used for one result after the other. */
export class StatusEncoder {
  readonly #buffer = new ProtobufBuffer();
  /** The agent's own address hardly ever changes. */
  #sourceText: string | undefined;
  #sourceBytes = NO_BYTES;

  /** Of version 5, field by field as in monitor/v2, `ServerStatus`. */
  encode({ item, result, endedAtNs }: FinishedCheck): Uint8Array {
    const { reason, boundNs, noResponse, offsetNs, rttNs, stratum, leap } = result.outcome;
    const { samples, selectedIndex } = result;
    const selected = selectedIndex === undefined ? undefined : samples[selectedIndex];
    const to = this.#buffer;
    to.clear();
    to.bytes(1, item.testId);
    to.bytes(2, item.ticket);
    to.bytes(3, item.ipBytes);
    to.string(4, reason === undefined ? "" : reasonText(reason));
    to.bool(5, noResponse);
    to.timestamp(6, endedAtNs);
    to.duration(7, offsetNs);
    to.duration(8, rttNs);
    to.number(9, stratum);
    to.number(10, leap);
    for (const sample of samples) this.#exchange(11, sample, { samples, item });
    if (selected !== undefined) this.#exchange(12, selected, { samples, item });
    to.present(100, item.port);
    to.string(101, reason ?? "");
    to.duration(102, boundNs);
    return to.taken();
  }

  /** `NTPPacket`. */
  #exchange(
    field: number,
    sample: KeptSample,
    { samples, item }: { readonly samples: readonly KeptSample[] } & Pick<FinishedCheck, "item">,
  ): void {
    const { exchange, reason, mode } = sample;
    const { t1, t4, destinationAddress } = exchange;
    const { address } = item;
    const to = this.#buffer;
    const start = to.begin(field);
    to.bytes(1, this.#source(exchange.sourceAddress));
    to.bytes(2, destinationAddress === address.text ? address.bytes : bytesOf(destinationAddress));
    to.timestamp(3, t1?.atNs);
    to.timestamp(4, t4?.atNs);
    to.bytes(5, exchange.response ?? NO_BYTES);
    to.bytes(100, exchange.request);
    to.number(101, stampSource(t1));
    to.number(102, stampSource(t4));
    to.string(103, reason ?? "");
    to.duration(104, exchange.clockStepNs);
    to.number(105, exchange.sourcePort ?? 0);
    to.number(106, exchange.destinationPort);
    to.number(107, EXCHANGE_MODES[mode]);
    to.present(108, timedExchangeIndex(sample, samples));
    to.end(start);
  }

  #source(text: string | undefined): Uint8Array {
    if (text !== this.#sourceText) {
      this.#sourceText = text;
      this.#sourceBytes = bytesOf(text);
    }
    return this.#sourceBytes;
  }
}

const NO_BYTES: Uint8Array = new Uint8Array();

function bytesOf(text: string | undefined): Uint8Array {
  if (text === undefined) return NO_BYTES;
  const address = parseIpAddress(text);
  return address.ok ? address.value.bytes : NO_BYTES;
}
