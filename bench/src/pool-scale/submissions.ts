// Submissions as agents would send them, made before the clock runs: valid tickets, batches and ids of their own, and
// from version 5 on three raw exchanges a result, of which the control plane judges the selected one anew.

import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { createTicket, type TicketKey } from "@truechimer/server";
import { answeredExchange, OFFSET_NS, timestampOf } from "../answered-exchange.ts";
import { monitorAddress } from "./pool-size.ts";

/** Results in a submission. */
export const RESULTS: number = 12;
const NS_PER_SECOND = 1_000_000_000n;
/** Between two results of one monitor, so that each has a time of its own. */
const RESULT_STEP_NS = 1_000n;
const EXCHANGES = 3;

export interface SubmissionMaker {
  /** The next of this monitor (number and id), for servers that nobody has had for the longest time. */
  next(monitor: number): Uint8Array;
}

export interface SubmissionOptions {
  readonly version: 4 | 5;
  readonly key: TicketKey;
  /** Servers to choose from: the first so many. */
  readonly servers: number;
}

export function createSubmissionMaker(options: SubmissionOptions): SubmissionMaker {
  const { version, key, servers } = options;
  const places = new Map<number, number>();
  let atNs = systemClock.nowNs() - NS_PER_SECOND;
  return {
    next: (monitor) => {
      const batchId = createUlid(systemClock, systemRandom);
      const first = places.get(monitor) ?? (monitor * 97) % servers;
      places.set(monitor, first + RESULTS);
      const list = Array.from({ length: RESULTS }, (_, place) => {
        // Neighbours in a batch are no neighbours in the tables.
        const server = 1 + (((first + place) * 7_919) % servers);
        atNs += RESULT_STEP_NS;
        const ipBytes = Uint8Array.of(198, 18, server >> 8, server & 255);
        const ticket = createTicket(
          { monitorId: BigInt(monitor), batchId, addressBytes: ipBytes, port: 123 },
          key,
        );
        return {
          ticket,
          ipBytes,
          ts: timestampOf(atNs),
          offset: { seconds: 0n, nanos: Number(OFFSET_NS) },
          rtt: { seconds: 0n, nanos: 500_000 },
          stratum: 2,
          ...(version === 5 ? evidenceOf(atNs, ipBytes) : {}),
        };
      });
      return toBinary(
        monitorV2.SubmitResultsRequestSchema,
        create(monitorV2.SubmitResultsRequestSchema, {
          version,
          monId: monitorAddress(monitor),
          batchId: Buffer.from(batchId),
          list,
          ...(version === 5 ? { submissionId: createUlid(systemClock, systemRandom) } : {}),
        }),
      );
    },
  };
}

function evidenceOf(
  endNs: bigint,
  ipBytes: Uint8Array,
): Pick<monitorV2.ServerStatus, "responses" | "selectedResponse"> {
  const responses = Array.from({ length: EXCHANGES }, (_, index) =>
    answeredExchange(endNs - BigInt(EXCHANGES - index) * 2n * NS_PER_SECOND, ipBytes),
  );
  const selectedResponse = responses[1];
  return { responses, ...(selectedResponse && { selectedResponse }) };
}
