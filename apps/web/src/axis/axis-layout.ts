// From clocks to places on the axis: marks in lanes, or a density with its outliers when there are hundreds.

import { countOf } from "../format/number.ts";
import type { OffsetScale } from "../scale/symlog.ts";
import { densityOf, densityPath } from "./density.ts";
import { type LaneItem, planLanes } from "./lanes.ts";
import { labelWidth } from "./measure-text.ts";
import type { AxisItem } from "./offset-axis.tsx";

/** More marks than this are drawn as a density. */
const MARKS_MAX = 200;
const LANES_MAX = 14;
const LANES_MIN = 5;
const LANE_HEIGHT = 22;
/** Above the lanes: the limit's label. Below them: the scale with its labels. */
export const HEAD_HEIGHT = 24;
const SCALE_HEIGHT = 48;
const DENSITY_HEIGHT = 120;
const DENSITY_SLOT = 3;

export interface PlacedMark {
  readonly item: AxisItem;
  readonly x: number;
  readonly y: number;
  readonly whisker: { readonly left: number; readonly right: number } | undefined;
  readonly label: "left" | "right" | undefined;
  /** Where the label keeps clear of: the whisker's ends, or the mark's own when whiskers cross. */
  readonly reach: { readonly left: number; readonly right: number };
  /** The offset lies beyond the end of the scale. */
  readonly beyond: boolean;
}

export interface AxisLayout {
  readonly height: number;
  readonly baseline: number;
  /** In the order of their offsets. */
  readonly marks: readonly PlacedMark[];
  readonly density: { readonly path: string; readonly text: string } | undefined;
}

/** Lays out everything that has an offset. */
export function layOutAxis(items: readonly AxisItem[], scale: OffsetScale): AxisLayout {
  const singles = items.length > MARKS_MAX ? items.filter(isOutlier).slice(0, MARKS_MAX) : items;
  const many = items.length > MARKS_MAX ? items.filter((item) => !isOutlier(item)) : [];
  // Outliers first: they get the lanes next to the axis and keep their names.
  const ordered = singles.toSorted(
    (one, other) => Number(isOutlier(other)) - Number(isOutlier(one)) || size(other) - size(one),
  );
  const laneItems = ordered.map((item) => toLaneItem(item, scale));
  const limits = { left: scale.left, right: scale.right, lanesMax: LANES_MAX };
  const plan =
    planLanes(laneItems, limits) ??
    planLanes(laneItems.map(withoutLabel), { ...limits, lanesMax: Number.POSITIVE_INFINITY });
  const lanes = Math.max(LANES_MIN, plan?.lanes ?? 0);
  const laneHeight = Math.max(8, Math.min(LANE_HEIGHT, (LANES_MAX * LANE_HEIGHT) / lanes));
  const room = Math.max(lanes * laneHeight, many.length > 0 ? DENSITY_HEIGHT : 0);
  const baseline = HEAD_HEIGHT + room;
  const marks = ordered.flatMap((item, index): PlacedMark[] => {
    const place = plan?.places[index];
    const lane = laneItems[index];
    if (place === undefined || lane === undefined) return [];
    return [
      {
        item,
        x: lane.x,
        y: baseline - (place.lane + 0.5) * laneHeight - 4,
        whisker:
          item.offset?.boundNs === undefined ? undefined : { left: lane.left, right: lane.right },
        label: place.label,
        reach: plan?.whiskersApart === true ? lane : { left: lane.x, right: lane.x },
        beyond: scale.beyond(valueOf(item)),
      },
    ];
  });
  return {
    height: baseline + SCALE_HEIGHT,
    baseline,
    marks: marks.toSorted((one, other) => valueOf(one.item) - valueOf(other.item)),
    density: many.length === 0 ? undefined : densityFor(many, scale, baseline),
  };
}

function isOutlier(item: AxisItem): boolean {
  return item.shape !== "truechimer";
}

function valueOf(item: AxisItem): number {
  return Number(item.offset?.valueNs ?? 0n);
}

function size(item: AxisItem): number {
  return Math.abs(valueOf(item));
}

function toLaneItem(item: AxisItem, scale: OffsetScale): LaneItem {
  const value = valueOf(item);
  const bound = Number(item.offset?.boundNs ?? 0n);
  return {
    key: item.key,
    x: scale.x(value),
    left: scale.x(value - bound),
    right: scale.x(value + bound),
    labelWidth: item.named ? labelWidth(item.name, isOutlier(item)) : 0,
  };
}

function withoutLabel(item: LaneItem): LaneItem {
  return { ...item, labelWidth: 0 };
}

function densityFor(
  items: readonly AxisItem[],
  scale: OffsetScale,
  baseline: number,
): { readonly path: string; readonly text: string } {
  const xs = items.map((item) => scale.x(valueOf(item)));
  const density = densityOf(xs, scale.left, scale.right, DENSITY_SLOT);
  return {
    path: densityPath(density, scale.left, DENSITY_SLOT, baseline, DENSITY_HEIGHT - 16),
    text: `${countOf(items.length, "truechimer")}, drawn as a density`,
  };
}
