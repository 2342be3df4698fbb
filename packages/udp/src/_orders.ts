// Orders and answers for tests.

import type { ExchangeOrder } from "./exchange-table.ts";

/** An order with `id` in its nonce, to 192.0.2.`host` port 123. */
export function orderNumber(id: number, change: Partial<ExchangeOrder> = {}): ExchangeOrder {
  const request = new Uint8Array(48);
  request[0] = 0x23;
  new DataView(request.buffer).setUint32(40, id + 1);
  new DataView(request.buffer).setUint32(44, ~id >>> 0);
  return {
    id,
    request,
    address: Uint8Array.of(192, 0, 2, 1),
    port: 123,
    timeoutMs: 1_000,
    localAddress: undefined,
    ...change,
  };
}

/** 48 bytes with the request's nonce as their origin. */
export function answerTo(request: Uint8Array): Uint8Array {
  const answer = new Uint8Array(48);
  answer[0] = 0x24;
  answer.set(request.subarray(40, 48), 24);
  return answer;
}
