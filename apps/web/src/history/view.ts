// The part of time that the charts show, and how zooming and panning change it.

import type { HistoryRange } from "../api/queries.ts";
import type { Search } from "../url/search.ts";

export interface View {
  readonly fromMs: number;
  readonly toMs: number;
}

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
/** Nothing is to be seen below. */
const SPAN_MIN_MS = 10 * SECOND_MS;
const SPAN_MAX_MS = 400 * DAY_MS;

/** The ranges that end now. */
export const SPANS: readonly { readonly word: string; readonly ms: number }[] = [
  { word: "15min", ms: 900_000 },
  { word: "1h", ms: 3_600_000 },
  { word: "6h", ms: 21_600_000 },
  { word: "24h", ms: DAY_MS },
  { word: "7d", ms: 7 * DAY_MS },
  { word: "30d", ms: 30 * DAY_MS },
];
const SPAN_DEFAULT_MS = DAY_MS;

/**
 * The range that an address asks for: "?from=…&to=…" fixed, "?range=6h" up to now, else the last day; of a server that
 * is younger, the shortest range that holds its whole life.
 */
export function rangeOf(search: Search, ageMs: number = Number.POSITIVE_INFINITY): HistoryRange {
  const fromMs = Date.parse(search["from"] ?? "");
  const toMs = Date.parse(search["to"] ?? "");
  if (Number.isFinite(fromMs) && Number.isFinite(toMs) && toMs - fromMs >= SECOND_MS) {
    return { kind: "fixed", fromMs, toMs };
  }
  const span = SPANS.find(({ word }) => word === search["range"]);
  if (span !== undefined) return { kind: "last", spanMs: span.ms };
  const life = SPANS.find(({ ms }) => ms >= ageMs)?.ms ?? SPAN_DEFAULT_MS;
  return { kind: "last", spanMs: Math.min(life, SPAN_DEFAULT_MS) };
}

/** The address's words for a view, to the millisecond. */
export function viewWords(view: View): { readonly from: string; readonly to: string } {
  return { from: new Date(view.fromMs).toISOString(), to: new Date(view.toMs).toISOString() };
}

/** The view of a range at `nowMs`. */
export function viewOf(range: HistoryRange, nowMs: number): View {
  return range.kind === "fixed"
    ? { fromMs: range.fromMs, toMs: range.toMs }
    : { fromMs: nowMs - range.spanMs, toMs: nowMs };
}

/** Zooms by `factor` (below 1: in) so that `atMs` stays where it is; never beyond what can be shown. */
export function zoomAt(view: View, atMs: number, factor: number, nowMs: number): View {
  const span = view.toMs - view.fromMs;
  const wanted = Math.min(SPAN_MAX_MS, Math.max(SPAN_MIN_MS, span * factor));
  const share = (atMs - view.fromMs) / span;
  return withinPast({ fromMs: atMs - share * wanted, toMs: atMs + (1 - share) * wanted }, nowMs);
}

/** Moves by `byMs`; not into the future. */
export function pan(view: View, byMs: number, nowMs: number): View {
  return withinPast({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, nowMs);
}

/** The future is empty: a view that reaches into it is moved back. */
function withinPast(view: View, nowMs: number): View {
  const over = view.toMs - nowMs;
  return over <= 0 ? view : { fromMs: view.fromMs - over, toMs: nowMs };
}
