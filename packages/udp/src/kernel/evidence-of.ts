// What the probe engine knows of an exchange, as the probe socket wants it.

import type { ExchangeEvidence } from "../evidence.ts";
import type { ProbeExchange } from "./port-pool.ts";

/** `response`: default, the exchange's own, valid as long as that is. */
export function evidenceOf(
  exchange: ProbeExchange,
  steppedNs: bigint,
  response: Uint8Array | undefined = exchange.response,
): ExchangeEvidence {
  return {
    sentNs: exchange.sentKernelNs ?? exchange.sentUserNs,
    sentByKernel: exchange.sentKernelNs !== undefined,
    response,
    receivedNs: exchange.receivedKernelNs ?? exchange.receivedUserNs,
    receivedByKernel: exchange.receivedKernelNs !== undefined,
    sourceAddress: exchange.sourceAddress,
    sourcePort: exchange.port?.network.port,
    clockStepNs: exchange.sentUserNs === undefined ? 0n : steppedNs,
    failure: exchange.failure,
  };
}
