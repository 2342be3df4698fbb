// Where marks, whiskers and labels of the offset axis go, so that none covers another: each takes the lowest lane in
// which it has room.

export interface LaneItem {
  readonly key: string;
  /** The mark's place. */
  readonly x: number;
  /** The whisker's ends. */
  readonly left: number;
  readonly right: number;
  /** 0: no label. */
  readonly labelWidth: number;
}

export interface LanePlace {
  readonly key: string;
  /** 0 is next to the axis. */
  readonly lane: number;
  readonly label: "left" | "right" | undefined;
}

export interface LanePlan {
  readonly places: readonly LanePlace[];
  readonly lanes: number;
  /** False: whiskers may cross other marks, because there was no room for all. */
  readonly whiskersApart: boolean;
}

export interface LaneLimits {
  readonly left: number;
  readonly right: number;
  readonly lanesMax: number;
}

/** Half a mark with the air around it. */
const MARK_REACH = 9;
const LABEL_GAP = 6;

/**
 * Plans the lanes; undefined when even the marks alone need more than `lanesMax`. Items earlier in the list get the
 * lower lanes.
 */
export function planLanes(items: readonly LaneItem[], limits: LaneLimits): LanePlan | undefined {
  return place(items, limits, true) ?? place(items, limits, false);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function place(
  items: readonly LaneItem[],
  limits: LaneLimits,
  whiskersApart: boolean,
): LanePlan | undefined {
  const lanes: Span[][] = [];
  const places: LanePlace[] = [];
  for (const item of items) {
    const spans = candidateSpans(item, limits, whiskersApart);
    const found = firstFree(lanes, spans, limits.lanesMax);
    if (found === undefined) return undefined;
    const taken = lanes[found.lane] ?? [];
    taken.push(found.span);
    lanes[found.lane] = taken;
    places.push({ key: item.key, lane: found.lane, label: found.label });
  }
  return { places, lanes: lanes.length, whiskersApart };
}

interface CandidateSpan {
  readonly label: "left" | "right" | undefined;
  readonly span: Span;
}

/** Label outward first, so that names stand on the side of the offset; then inward. */
function candidateSpans(
  item: LaneItem,
  limits: LaneLimits,
  whiskersApart: boolean,
): readonly CandidateSpan[] {
  const from = Math.min(item.x - MARK_REACH, whiskersApart ? item.left - 2 : item.x);
  const to = Math.max(item.x + MARK_REACH, whiskersApart ? item.right + 2 : item.x);
  if (item.labelWidth === 0) return [{ label: undefined, span: { from, to } }];
  const room = item.labelWidth + LABEL_GAP;
  const right: CandidateSpan = { label: "right", span: { from, to: to + room } };
  const left: CandidateSpan = { label: "left", span: { from: from - room, to } };
  const middle = (limits.left + limits.right) / 2;
  const wanted = item.x >= middle ? [right, left] : [left, right];
  const fitting = wanted.filter(
    ({ span }) => span.from >= limits.left - MARK_REACH && span.to <= limits.right + MARK_REACH,
  );
  return fitting.length > 0 ? fitting : [{ label: undefined, span: { from, to } }];
}

function firstFree(
  lanes: readonly (readonly Span[])[],
  candidates: readonly CandidateSpan[],
  lanesMax: number,
): (CandidateSpan & { readonly lane: number }) | undefined {
  for (let lane = 0; lane < lanesMax; lane += 1) {
    const taken = lanes[lane] ?? [];
    const fit = candidates.find(({ span }) =>
      taken.every((other) => span.to <= other.from || span.from >= other.to),
    );
    if (fit !== undefined) return { ...fit, lane };
  }
  return undefined;
}

export interface AxisLabel {
  readonly x: number;
  readonly width: number;
}

/** Which labels of a row can stand without touching, the earlier ones first. */
export function fittingLabels<T extends AxisLabel>(
  labels: readonly T[],
  gap: number,
): readonly T[] {
  const kept: T[] = [];
  for (const label of labels) {
    const free = kept.every(
      (other) => Math.abs(other.x - label.x) >= (other.width + label.width) / 2 + gap,
    );
    if (free) kept.push(label);
  }
  return kept;
}
