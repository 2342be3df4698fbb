// The life of handed-out work. An agent of version 5 may check a server again and again under one ticket while the
// control plane is away, and deliver when it is back; one below checks it once.

const HOUR_NS = 3_600_000_000_000n;

/** From the batch on, results may be measured for so long under its tickets. */
export const LEASE_NS: bigint = 24n * HOUR_NS;
/** And delivered for so long: an outage may last to the end of a lease and then some. */
export const LEASE_DELIVERY_NS: bigint = 48n * HOUR_NS;
/** Below version 5. */
export const BATCH_LIFE_NS: bigint = 24n * HOUR_NS;
