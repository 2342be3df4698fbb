// The range of time that `truechimer results` is asked for, in the words of the filter language.

import type { adminV1 } from "@truechimer/api";
import { AppError, parseDurationMs } from "@truechimer/base";
import { parseInstant } from "@truechimer/filter";

type Instant = NonNullable<adminV1.ListResultsRequest["from"]>;
type Range = { readonly from?: Instant; readonly to?: Instant };

const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000;

export interface RangeOptions {
  readonly from?: string;
  readonly to?: string;
  readonly since?: string;
}

/** Each end may be absent: as far back as there are results, and now. */
export function rangeOf(options: RangeOptions, nowNs: bigint): Range {
  const { fromNs, toNs } = rangeNsOf(options, nowNs);
  return {
    ...(fromNs === undefined ? {} : { from: instantFromNs(fromNs) }),
    ...(toNs === undefined ? {} : { to: instantFromNs(toNs) }),
  };
}

/** The same as Unix nanoseconds. */
export function rangeNsOf(
  { from, to, since }: RangeOptions,
  nowNs: bigint,
): { readonly fromNs: bigint | undefined; readonly toNs: bigint | undefined } {
  if (from !== undefined && since !== undefined)
    throw new AppError("usage", "--from and --since both say where the range begins: give one");
  const fromNs = since === undefined ? instantNs("--from", from, nowNs) : sinceNs(since, nowNs);
  const toNs = instantNs("--to", to, nowNs);
  if (fromNs !== undefined && fromNs >= (toNs ?? nowNs))
    throw new AppError("usage", "the range is empty: it begins where it ends, or after that");
  return { fromNs, toNs };
}

function instantNs(option: string, text: string | undefined, nowNs: bigint): bigint | undefined {
  if (text === undefined) return undefined;
  const parsed = parseInstant(text, nowNs);
  if (!parsed.ok) throw new AppError("usage", `${option}: "${text}" is no time: ${parsed.error}`);
  return parsed.value;
}

function sinceNs(text: string, nowNs: bigint): bigint {
  const parsed = parseDurationMs(text);
  if (!parsed.ok) throw new AppError("usage", `--since: ${parsed.error}`);
  const ns = nowNs - BigInt(Math.round(parsed.value * NS_PER_MS));
  return ns < 0n ? 0n : ns;
}

function instantFromNs(ns: bigint): Instant {
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: ns / NS_PER_SECOND,
    nanos: Number(ns % NS_PER_SECOND),
  };
}
