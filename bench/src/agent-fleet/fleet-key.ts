// The master key of a database that lives as long as the benchmark.

const MASTER_KEY_BYTES = 32;

export const FLEET_MASTER_KEY: Uint8Array = new Uint8Array(MASTER_KEY_BYTES).fill(11);
