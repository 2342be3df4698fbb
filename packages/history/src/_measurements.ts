// Rows for tests and benchmarks that look like a fleet's, the same at each run.

import type { Measurement } from "./measurement.ts";

/** What differs from row to row; the rest is that of a good check. */
export function aMeasurement(parts: Partial<Measurement> & Pick<Measurement, "id">): Measurement {
  return {
    atUs: parts.id * 1_000_000,
    serverId: 1,
    monitorId: 1,
    offsetNs: 1_000 * parts.id,
    boundNs: 500_000,
    rttNs: 1_000_000,
    score: 20,
    step: 1,
    stratum: 2,
    leap: 0,
    reason: "",
    noResponse: false,
    hasEvidence: true,
    samplesSent: 3,
    samplesAnswered: 3,
    ...parts,
  };
}
