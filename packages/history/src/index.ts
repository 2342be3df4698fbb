export { BLOCK_ROWS_MAX, BYTES_PER_ROW } from "./block.ts";
export { type DownSampling, downSample } from "./down-sample.ts";
export {
  createHistoryStore,
  type HistoryScan,
  type HistoryStore,
  type HistoryWindow,
} from "./history-store.ts";
export { compareKeys, type Measurement } from "./measurement.ts";
export { percentiles, type Share } from "./percentiles.ts";
export { type PackedRows, packRows, RowPacker } from "./row-packer.ts";
export { copyMeasurement, type RowView } from "./row-view.ts";
