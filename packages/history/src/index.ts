export { type AllanDeviation, AllanSeries } from "./analytics/allan-deviation.ts";
export { type CheckFigures, CheckTally, lossOf } from "./analytics/check-tally.ts";
export {
  type BucketedFigures,
  BucketedTally,
  bucketUsFor,
  bucketWindows,
  FleetBucket,
} from "./analytics/compare-series.ts";
export {
  DISTRIBUTION_SHARES,
  type Distribution,
  distributionOf,
} from "./analytics/distribution.ts";
export {
  type FamilyDifference,
  type FamilyPair,
  type FamilySide,
  type FamilySides,
  familyPairs,
} from "./analytics/family-pairs.ts";
export {
  type HeatCell,
  type HeatLine,
  type HeatMap,
  type HeatMeasure,
  heatMap,
} from "./analytics/heat-map.ts";
export { type Moved, worstMovers } from "./analytics/movers.ts";
export { CoverageWatch, type CoveredWindow, scanInSlices } from "./analytics/scan-slices.ts";
export { type ServerScore, scoreBins } from "./analytics/score-bins.ts";
export { ValueList } from "./analytics/value-list.ts";
export { BLOCK_ROWS_MAX, BYTES_PER_ROW } from "./block.ts";
export { type DownSampling, downSample } from "./down-sample.ts";
export {
  type CopiedRows,
  createHistoryStore,
  type HistoryScan,
  type HistoryStore,
  type HistoryWindow,
  keysOfCopy,
  type RowDictionary,
  type RowKey,
} from "./history-store.ts";
export { compareKeys, type Measurement } from "./measurement.ts";
export { percentiles, type Share } from "./percentiles.ts";
export { type PackedRows, packRows, RowPacker } from "./row-packer.ts";
export { copyMeasurement, type RowView } from "./row-view.ts";
