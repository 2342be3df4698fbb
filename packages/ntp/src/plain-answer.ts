// The judgement of a plainly good answer on numbers instead of objects, for sweeps of a hundred thousand exchanges a
// second. It knows only one outcome: what is beyond doubt good by every rule of the ladder, with kernel stamps on both
// legs and nothing behind the header, is measured; about all else it says nothing, and `judgeExchange` decides. So no
// rule can be loosened here, only an answer sent the long way.

import { NTP_HEADER_BYTES, NTP_MODE, NTP_VERSION } from "./ntp-packet.ts";

/** Where the figures of a plainly good answer are put: offset, delay and bound, nanoseconds. */
export const PLAIN_FIGURES = 3;

/** A kernel stamp in two numbers, as clock_gettime has it. */
export interface SplitStamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const NTP_TO_UNIX_S = 2_208_988_800;
const NS_PER_S = 1_000_000_000;
const NS_PER_UNIT = NS_PER_S / 2 ** 32;
const NS_PER_SHORT_UNIT = NS_PER_S / 2 ** 16;
/** Below the limit of the ladder, 1.5 s, by what rounding could do and far more. */
const ROOT_DISTANCE_NS_MAX = 1_400_000_000;
const STRATUM_MAX = 10;
const LEAP_NOT_SYNCHRONISED = 3;
/** As `measurement.ts` has them, for kernel stamps. */
const STAMPS_NS = 1_000;
const AGENT_PRECISION_NS = 1;
const DRIFT = 15e-6;
const SERVER_PRECISION_LOG2_MIN = -30;
const SERVER_PRECISION_LOG2_MAX = -6;
/** Beyond an hour the numbers lose their nanoseconds. */
const SPAN_NS_MAX = 3_600 * NS_PER_S;

/**
 * Whether the answer, 48 bytes from `at` of `view`, is plainly good; then its figures are in `figures`, to within 2 ns of
 * `judgeExchange`. That it carries the nonce is for the caller to know.
 */
export function measurePlainAnswer(
  {
    view,
    at,
    lengthBytes,
  }: { readonly view: DataView; readonly at: number; readonly lengthBytes: number },
  { t1, t4 }: { readonly t1: SplitStamp; readonly t4: SplitStamp },
  figures: Float64Array,
): boolean {
  if (lengthBytes !== NTP_HEADER_BYTES || !isPlainHeader(view, at)) return false;
  const t2Seconds = view.getUint32(at + 32);
  const t2Fraction = view.getUint32(at + 36);
  const t3Seconds = view.getUint32(at + 40);
  const t3Fraction = view.getUint32(at + 44);
  if ((t2Seconds === 0 && t2Fraction === 0) || (t3Seconds === 0 && t3Fraction === 0)) return false;
  const heldNs =
    wrapped(t3Seconds - t2Seconds) * NS_PER_S + (t3Fraction - t2Fraction) * NS_PER_UNIT;
  const outwardNs =
    wrapped(t2Seconds - ((t1.seconds + NTP_TO_UNIX_S) >>> 0)) * NS_PER_S +
    (t2Fraction * NS_PER_UNIT - t1.nanoseconds);
  const elapsedNs = (t4.seconds - t1.seconds) * NS_PER_S + (t4.nanoseconds - t1.nanoseconds);
  const delayNs = elapsedNs - heldNs;
  const isUsable = heldNs >= 0 && delayNs >= 0 && elapsedNs >= 0;
  if (!isUsable || elapsedNs > SPAN_NS_MAX || Math.abs(outwardNs) > SPAN_NS_MAX) return false;
  const precisionLog2 = Math.min(
    Math.max(view.getInt8(at + 3), SERVER_PRECISION_LOG2_MIN),
    SERVER_PRECISION_LOG2_MAX,
  );
  figures[0] = Math.round(outwardNs - delayNs / 2);
  figures[1] = Math.round(delayNs);
  figures[2] =
    Math.ceil(delayNs / 2) +
    Math.ceil(NS_PER_S * 2 ** precisionLog2) +
    AGENT_PRECISION_NS +
    Math.ceil(elapsedNs * DRIFT) +
    STAMPS_NS;
  return true;
}

function isPlainHeader(view: DataView, at: number): boolean {
  const first = view.getUint8(at);
  const version = (first >> 3) & 0b111;
  const stratum = view.getUint8(at + 1);
  if ((first & 0b111) !== NTP_MODE.server || version < 1 || version > NTP_VERSION) return false;
  if (first >> 6 === LEAP_NOT_SYNCHRONISED || stratum < 1 || stratum > STRATUM_MAX) return false;
  const rootDistanceNs = (view.getUint32(at + 4) / 2 + view.getUint32(at + 8)) * NS_PER_SHORT_UNIT;
  return rootDistanceNs < ROOT_DISTANCE_NS_MAX;
}

/** A difference of two numbers of 32 bits as the signed one nearest to 0: right across an era's end. */
function wrapped(difference: number): number {
  return difference | 0;
}
