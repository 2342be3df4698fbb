// Every limit of the probe sockets, with its reason.

/** Exchanges in flight at once: 65,536 would let nonces and ports be the only bound on memory; this is about 10 MB. */
export const IN_FLIGHT_MAX = 16_384;

/** The same without kernel stamps, where every exchange in flight holds a socket of its own. */
export const USER_SPACE_IN_FLIGHT_MAX = 4_096;

/** Longest wait for an answer. Longer would hold a port and a slot for a server that is as good as silent. */
export const TIMEOUT_MS_MAX = 60_000;

/**
 * Longest datagram that is read. An answer to our request has 48 bytes, some hundred with extension fields; the rest
 * of a longer one is cut off, so that nobody makes us copy 64 KiB.
 */
export const RESPONSE_BYTES_MAX = 1_024;

/** Longest request: an NTP header with extension fields, within the IPv6 minimum MTU. */
export const REQUEST_BYTES_MAX = 1_232;

/**
 * Sockets that may be open at once. Below it every exchange gets a fresh socket, hence a port that nobody has seen;
 * above it exchanges share a random choice of the open ones.
 */
export const PORTS_OPEN_MAX = 512;

/** Exchanges that one socket serves before it is replaced by one on a new random port. */
export const PORT_USES_MAX = 1_024;

/** How long a socket stays open after its last exchange, so that late and duplicate answers are seen and counted. */
export const PORT_LINGER_MS = 1_000;

/** Ended exchanges whose nonces are remembered, to tell late and duplicate answers from spoofed ones. */
export const REMEMBERED_MAX = 16_384;

/** Datagrams that one system call moves. Larger batches gain nothing measurable. */
export const BATCH_MAX = 64;

/** Exchanges of one batch that share a port when ports are shared: a compromise between batching and spread. */
export const BATCH_PER_PORT = 16;

/** Servers whose last sending time is remembered for pacing. */
export const PACED_SERVERS_MAX = 65_536;
