// The master key of the benchmark's databases, which hold nothing that is worth a secret; the same in every run, so that
// a kept database opens again.

const MASTER_KEY_BYTES = 32;

export const BENCH_MASTER_KEY: Uint8Array = new Uint8Array(MASTER_KEY_BYTES).fill(7);
