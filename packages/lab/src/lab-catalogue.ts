// The lab's servers: who they are, what is wrong with each, and what a fleet of honest monitors must come to hold.

import type { IpFamily } from "@truechimer/base";
import type { LabFault } from "./lab-fault.ts";

/** The verdicts, spelled as `@truechimer/scoring` spells them; the lab does not depend on it. */
export type LabVerdict = "truechimer" | "falseticker" | "unreachable" | "unsure";

/** A simulated server: how it presents itself, its fault, and what a fleet must come to hold of it. */
export interface LabServerDefinition {
  /** Unique; what the server is called on the screen. */
  readonly name: string;
  readonly family: IpFamily;
  readonly stratum: number;
  /** Four ASCII characters at stratum 1, otherwise the upstream's address as four numbers. RFC 5905, section 7.3. */
  readonly referenceId: string;
  readonly fault: LabFault;
  /** One sentence for people. */
  readonly description: string;
  /** What the fleet must hold of it, at the latest three minutes after the lab's start. */
  readonly expectedVerdict: LabVerdict;
  /** The coded reason of that verdict (docs/reference/reasons.md). */
  readonly expectedReason: string;
}

type Common = Omit<LabServerDefinition, "expectedVerdict" | "expectedReason" | "family">;

const NS_PER_US = 1_000n;
const NS_PER_MS = 1_000_000n;

function correct(common: Common, family: IpFamily = "v4"): LabServerDefinition {
  return {
    ...common,
    family,
    expectedVerdict: "truechimer",
    expectedReason: "within_limit",
  };
}

function lying(common: Common): LabServerDefinition {
  return {
    ...common,
    family: "v4",
    expectedVerdict: "falseticker",
    expectedReason: "offset_outside_limit",
  };
}

function broken(
  common: Common,
  expectedVerdict: "unreachable" | "unsure",
  expectedReason: string,
): LabServerDefinition {
  return { ...common, family: "v4", expectedVerdict, expectedReason };
}

/** In the order of a tour: the honest ones first. */
export const LAB_CATALOGUE: readonly LabServerDefinition[] = [
  correct({
    name: "truth1.lab",
    stratum: 1,
    referenceId: "GPS",
    fault: { kind: "none", offsetNs: 0n },
    description: "keeps time with a satellite receiver",
  }),
  correct({
    name: "truth2.lab",
    stratum: 1,
    referenceId: "PPS",
    fault: { kind: "none", offsetNs: 15n * NS_PER_US },
    description: "keeps time with a pulse per second, 15 µs ahead",
  }),
  correct({
    name: "truth3.lab",
    stratum: 2,
    referenceId: "192.0.2.17",
    fault: { kind: "none", offsetNs: -280n * NS_PER_US },
    description: "keeps time, 0.28 ms behind",
  }),
  correct({
    name: "truth4.lab",
    stratum: 2,
    referenceId: "198.51.100.4",
    fault: { kind: "none", offsetNs: 650n * NS_PER_US },
    description: "keeps time, 0.65 ms ahead",
  }),
  correct({
    name: "truth5.lab",
    stratum: 3,
    referenceId: "203.0.113.80",
    fault: { kind: "none", offsetNs: -1_900n * NS_PER_US },
    description: "keeps time, 1.9 ms behind",
  }),
  correct(
    {
      name: "truth6.lab",
      stratum: 2,
      referenceId: "192.0.2.99",
      fault: { kind: "none", offsetNs: 120n * NS_PER_US },
      description: "keeps time over IPv6, 0.12 ms ahead",
    },
    "v6",
  ),
  correct({
    name: "lossy.lab",
    stratum: 2,
    referenceId: "198.51.100.20",
    fault: { kind: "loss", lossFraction: 0.2 },
    description: "keeps time, but every fifth request gets no answer",
  }),
  lying({
    name: "late40ms.lab",
    stratum: 2,
    referenceId: "203.0.113.40",
    fault: { kind: "offset", offsetNs: -40n * NS_PER_MS },
    description: "40 ms behind",
  }),
  lying({
    name: "ahead2s.lab",
    stratum: 2,
    referenceId: "192.0.2.200",
    fault: { kind: "offset", offsetNs: 2_000n * NS_PER_MS },
    description: "2 s ahead",
  }),
  lying({
    name: "drifting.lab",
    stratum: 3,
    referenceId: "198.51.100.250",
    // Passes 25 ms after 40 s; after 90 s all paths but one are short enough to prove it.
    fault: {
      kind: "drift",
      startOffsetNs: 15n * NS_PER_MS,
      gainNsPerS: 250n * NS_PER_US,
      offsetNsMax: 500n * NS_PER_MS,
    },
    description: "starts 15 ms ahead and gains 0.25 ms each second, up to 0.5 s",
  }),
  broken(
    {
      name: "silent.lab",
      stratum: 2,
      referenceId: "192.0.2.1",
      fault: { kind: "silent" },
      description: "never answers",
    },
    "unreachable",
    "no_answer",
  ),
  broken(
    {
      name: "wrong-origin.lab",
      stratum: 2,
      referenceId: "192.0.2.66",
      fault: { kind: "wrong-origin" },
      description: "returns an origin time stamp that nobody sent",
    },
    "unreachable",
    "no_valid_answer",
  ),
  broken(
    {
      name: "rate.lab",
      stratum: 2,
      referenceId: "203.0.113.5",
      fault: { kind: "kiss", code: "RATE" },
      description: "asks everybody to come less often",
    },
    "unsure",
    "kiss_rate",
  ),
  broken(
    {
      name: "stratum16.lab",
      stratum: 16,
      referenceId: "0.0.0.0",
      fault: { kind: "unsynchronised-stratum" },
      description: "says that it is synchronised to nothing (stratum 16)",
    },
    "unsure",
    "bad_stratum",
  ),
  broken(
    {
      name: "leap3.lab",
      stratum: 3,
      referenceId: "192.0.2.3",
      fault: { kind: "unsynchronised-leap" },
      description: "says that its clock was never set (leap indicator 3)",
    },
    "unsure",
    "not_synchronised",
  ),
];
