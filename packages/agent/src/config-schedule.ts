// When to ask for the configuration again. The NTP Pool's agent's rules.

const REFRESH_MS = 60 * 60_000;
const RETRY_LATER_MS = 20 * 60_000;
const RETRY_FIRST_MS = 10_000;

export interface ConfigFetchHistory {
  /** Whether the last fetch failed. */
  readonly failed: boolean;
  /** Whether a configuration was ever received. */
  readonly configured: boolean;
  /** Failures so far without a configuration. */
  readonly failures: number;
}

/** An hour after a success; 20 min after a failure; sooner while there is no configuration at all. */
export function nextConfigFetchMs(history: ConfigFetchHistory): number {
  if (!history.failed) return REFRESH_MS;
  if (history.configured) return RETRY_LATER_MS;
  return Math.min(RETRY_FIRST_MS * history.failures, RETRY_LATER_MS);
}
