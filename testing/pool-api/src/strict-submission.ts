// What is wrong with a submission of version 4, held against the NTP Pool's contract field by field.

import type { monitorV2 } from "@truechimer/api";

export interface HandedOut {
  readonly batchId: string;
  /** The ticket of each server by its address, as hexadecimal digits. */
  readonly tickets: ReadonlyMap<string, Uint8Array>;
  readonly monitorId: string;
}

export function submissionProblems(
  request: monitorV2.SubmitResultsRequest,
  batches: ReadonlyMap<string, HandedOut>,
): readonly string[] {
  const problems: string[] = [];
  const unless = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const batchId = new TextDecoder().decode(request.batchId);
  const batch = batches.get(batchId);
  unless(
    request.batchId.length === 26,
    `batch_id has ${request.batchId.length} bytes: expected the 26 of a ULID`,
  );
  unless(batch !== undefined, `batch_id ${batchId} was not handed out`);
  unless(request.submissionId === undefined, "submission_id in a submission of version 4");
  unless(
    batch === undefined || batch.monitorId === request.monId,
    `mon_id ${request.monId} is another monitor's`,
  );
  const seen = new Set<string>();
  for (const status of request.list) {
    const address = hex(status.ipBytes);
    const ticket = batch?.tickets.get(address);
    unless(
      ticket !== undefined && hex(ticket) === hex(status.ticket),
      `the ticket of ${address} is not the one handed out`,
    );
    unless(!seen.has(address), `${address} comes twice`);
    seen.add(address);
    problems.push(...statusProblems(status));
  }
  return problems;
}

/** Kiss codes, strata, and what a socket says: texts that the control plane stores, and one prefix that it reads. */
const ERROR_TEXT =
  /^(network: .+|[A-Z0-9]{4}|bad stratum \d+( \(referenceID: 0x[0-9a-f]+.*\))?|unexpected EOF|EOF|invalid mode in response|invalid transmit time in response|server response didn't match request|server clock ticked backwards|(loopback|private|multicast) address|invalid IP)$/;

function statusProblems(status: monitorV2.ServerStatus): readonly string[] {
  const problems: string[] = [];
  const unless = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const { error, noResponse, offset, rtt, stratum, leap } = status;
  unless(status.testId.length === 0, "test_id is never set");
  unless(
    status.ipBytes.length === 4 || status.ipBytes.length === 16,
    "ip_bytes has neither 4 nor 16 bytes",
  );
  unless(status.ts !== undefined, "ts is missing");
  unless(
    status.responses.length === 0 && status.selectedResponse === undefined,
    "raw exchanges in version 4",
  );
  unless(status.traceroute === undefined, "a traceroute in version 4");
  unless(error === "" || ERROR_TEXT.test(error), `error "${error}" is none of the contract's`);
  unless(
    !error.startsWith("network:") || noResponse,
    "a network error that is no missing response",
  );
  unless(error !== "" || noResponse || offset !== undefined, "a good answer without an offset");
  unless(!noResponse || offset === undefined, "an offset without a response");
  unless(error === "RATE" ? offset === undefined : true, "an offset with a kiss code RATE");
  unless(leap >= 0 && leap <= 3, `leap ${leap}`);
  unless(stratum >= 0 && stratum <= 255, `stratum ${stratum}`);
  unless(rtt === undefined || (rtt.seconds >= 0n && rtt.nanos >= 0), "a negative rtt");
  for (const duration of [offset, rtt]) {
    if (duration === undefined) continue;
    unless(
      duration.seconds === 0n ||
        duration.nanos === 0 ||
        duration.seconds > 0n === duration.nanos > 0,
      "seconds and nanos of a duration differ in sign",
    );
  }
  return problems;
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}
