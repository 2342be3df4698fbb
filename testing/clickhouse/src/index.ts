export { type ClickHouse, type ClickHouseOptions, startClickHouse } from "./clickhouse.ts";
export { clickHouseAvailable } from "./clickhouse-available.ts";
