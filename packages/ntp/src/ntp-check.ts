// One visit to a server: several exchanges, some seconds apart, and the outcome that they come to. The choice is the
// NTP Pool's agent's, so that scores can be compared: an explicit bad answer ends the visit and is the outcome; else a
// good sample beats a failed one, and the lowest delay wins. Other than there, every sample is kept.

import type { CheckOutcome, CheckResult, KeptSample, Sample } from "./sample.ts";
import type { SampleReason } from "./sample-reason.ts";

/** Samples of a check when nobody says otherwise; the NTP Pool's number. */
export const CHECK_SAMPLES_DEFAULT = 3;
/** More would make one visit last longer than any interval between visits. */
export const CHECK_SAMPLES_MAX = 20;
/** From the end of one exchange to the start of the next; servers limit the rate of a client. */
export const SAMPLE_GAP_MS_DEFAULT = 2_000;
/** How long a sample waits for its answer when nobody says otherwise. */
export const SAMPLE_TIMEOUT_MS_DEFAULT = 3_000;
/** What may be asked for, by configuration and by control planes. An answer later than that measures nothing. */
export const SAMPLE_TIMEOUT_MS_MIN = 100;
export const SAMPLE_TIMEOUT_MS_MAX = 10_000;

export interface CheckOptions {
  /** 1 to 20; 0 or less means 3, as it does for the NTP Pool's agent. */
  readonly samples?: number;
  /** At least 0; default 2 s. */
  readonly gapMs?: number;
}

/** What the caller must do next. The check itself touches no socket and no clock. */
export type CheckAction =
  | { readonly kind: "exchange" }
  | { readonly kind: "set_timer"; readonly delayMs: number }
  | { readonly kind: "done"; readonly result: CheckResult };

/** A check in progress: `start` once, then `onSample` after each `exchange`, `onTimer` after each `set_timer`. */
export interface NtpCheck {
  /** So far, in the order of sending. */
  readonly samples: readonly Sample[];
  start(): CheckAction;
  onSample(sample: Sample): CheckAction;
  onTimer(): CheckAction;
}

export function createCheck(options: CheckOptions = {}): NtpCheck {
  return new SampledCheck(options);
}

const EXCHANGE: CheckAction = { kind: "exchange" };

/** A class, as thousands are under way at once: methods of its own would be half of each one's memory. */
class SampledCheck implements NtpCheck {
  readonly #samplesWanted: number;
  readonly #gapMs: number;
  readonly #samples: Sample[] = [];

  constructor({ samples = CHECK_SAMPLES_DEFAULT, gapMs = SAMPLE_GAP_MS_DEFAULT }: CheckOptions) {
    this.#samplesWanted = samplesOfCheck(samples);
    this.#gapMs = gapMs;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  start(): CheckAction {
    return EXCHANGE;
  }

  onSample(sample: Sample): CheckAction {
    this.#samples.push(sample);
    if (endsCheck(sample.reason, this.#samples.length, this.#samplesWanted)) {
      return { kind: "done", result: checkResultOf(this.#samples) };
    }
    return { kind: "set_timer", delayMs: this.#gapMs };
  }

  onTimer(): CheckAction {
    return EXCHANGE;
  }
}

/** How many samples a check takes of which `wanted` are asked for: 1 to 20; 0 or less means 3. */
export function samplesOfCheck(wanted: number): number {
  return wanted <= 0 ? CHECK_SAMPLES_DEFAULT : Math.min(wanted, CHECK_SAMPLES_MAX);
}

/** Whether a check ends with the sample of this reason, the `taken`th of `wanted`. */
export function endsCheck(
  reason: SampleReason | undefined,
  taken: number,
  wanted: number,
): boolean {
  return taken >= wanted || isExplicitBad(reason);
}

/** The result of a visit's samples, in the order of sending. */
export function checkResultOf<Kept extends KeptSample>(
  samples: readonly Kept[],
): CheckResult<Kept> {
  const selectedIndex = selectedSampleIndex(samples);
  const selected = selectedIndex === undefined ? undefined : samples[selectedIndex];
  return {
    samples: [...samples],
    selectedIndex,
    outcome: selected === undefined ? silentOutcome("timeout") : outcomeOf(selected),
  };
}

/** The result when no packet was sent at all, such as `address_refused`. */
export function checkResultWithoutSamples(reason: SampleReason): CheckResult {
  return { samples: [], selectedIndex: undefined, outcome: silentOutcome(reason) };
}

/** Reasons with which a server itself says that it must not be used. They end a check. */
const EXPLICIT_BAD_REASONS: ReadonlySet<string> = new Set<SampleReason>([
  "kiss_rate",
  "kiss_deny",
  "kiss_rstr",
  "kiss_other",
  "bad_stratum",
  "not_synchronised",
  "bad_root_distance",
]);

/** Whether the answer is genuine and says "not me". */
export function isExplicitBad(reason: string | undefined): boolean {
  return reason !== undefined && EXPLICIT_BAD_REASONS.has(reason);
}

/** Whether the reason is the agent's own doing and says nothing about the server: such a check must not be scored. */
export function isAgentFault(reason: string | undefined): boolean {
  return reason === "clock_stepped" || reason === "local_socket_failed";
}

/** Nothing came back that can be judged: silence, or datagrams that break the protocol. */
export function isNoResponse(reason: string | undefined): boolean {
  return reason !== undefined && !isExplicitBad(reason) && !isAgentFault(reason);
}

function selectedSampleIndex(samples: readonly KeptSample[]): number | undefined {
  const explicitBad = samples.findIndex(({ reason }) => isExplicitBad(reason));
  if (explicitBad >= 0) return explicitBad;
  let best: number | undefined;
  for (const [index, sample] of samples.entries()) {
    const leader = best === undefined ? undefined : samples[best];
    if (leader === undefined || isBetter(sample, leader)) best = index;
  }
  return best;
}

/** Strictly better: ties stay with the earlier sample. */
function isBetter(sample: KeptSample, leader: KeptSample): boolean {
  const [rank, leaderRank] = [rankOf(sample), rankOf(leader)];
  if (rank !== leaderRank) return rank < leaderRank;
  if (sample.measurement === undefined || leader.measurement === undefined) return false;
  return sample.measurement.delayNs < leader.measurement.delayNs;
}

/** Good, then failed with something to show, then silent. */
function rankOf({ reason }: KeptSample): number {
  if (reason === undefined) return 0;
  return isNoResponse(reason) ? 2 : 1;
}

function outcomeOf({ reason, measurement, packet }: KeptSample): CheckOutcome {
  if (reason !== undefined && isNoResponse(reason)) return silentOutcome(reason);
  // The NTP Pool's agent drops the offset of RATE alone.
  const keepsOffset = reason !== "kiss_rate";
  return {
    reason,
    noResponse: false,
    offsetNs: keepsOffset ? measurement?.offsetNs : undefined,
    boundNs: keepsOffset ? measurement?.boundNs : undefined,
    rttNs: measurement?.delayNs,
    stratum: packet?.stratum ?? 0,
    leap: packet?.leap ?? 0,
  };
}

function silentOutcome(reason: SampleReason): CheckOutcome {
  return {
    reason,
    noResponse: true,
    offsetNs: undefined,
    boundNs: undefined,
    rttNs: undefined,
    stratum: 0,
    leap: 0,
  };
}
