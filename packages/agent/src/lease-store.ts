// The leases of all monitors of an agent, in a file, so that an agent that is started again while the control plane is
// away goes on checking. Written with restraint: an old lease holds as well as a new one, so that only what is withdrawn
// is in a hurry. Without a file, or while it cannot be written, the agent works as well, until it is started again.

import { type Clock, unixMsFromNs } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { LEASE_FILE_BYTES_MAX, type LeaseFile } from "./lease-file.ts";
import type { LeaseChange } from "./leases.ts";
import { decodeStoredLeases, encodeStoredLeases, type StoredMonitor } from "./stored-leases.ts";

export interface LeaseStore extends AsyncDisposable {
  /** What an earlier run held for a monitor. Absent: nothing. */
  restored(monId: string): StoredMonitor | undefined;
  /** From now on the monitor's leases are what `snapshot` says. */
  follow(monId: string, snapshot: () => StoredMonitor): void;
  changed(change: LeaseChange): void;
}

export interface LeaseStoreOptions {
  /** Absent: nothing outlives the agent. */
  readonly file: LeaseFile | undefined;
  /** Another control plane's leases are of no use. */
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How soon a change is in the file at the latest; what comes until then goes with it. */
const WRITE_WITHIN_MS: Readonly<Record<Exclude<LeaseChange, "none">, number>> = {
  withdrawn: 1_000,
  added: 10_000,
  // A lease holds for a day: of one that is an hour old, nearly all is left.
  renewed: 3_600_000,
};
const AFTER_FAILURE_MS = 60_000;
const NS_PER_MS = 1_000_000;

/** Never rejects: what cannot be read is told, and done without. */
export async function openLeaseStore(options: LeaseStoreOptions): Promise<LeaseStore> {
  const restored = await readLeases(options);
  return new FileLeaseStore(options, restored);
}

async function readLeases({
  file,
  apiUrl,
  logger,
}: LeaseStoreOptions): Promise<readonly StoredMonitor[]> {
  try {
    const bytes = await file?.read();
    if (file === undefined || bytes === undefined) return [];
    const stored = decodeStoredLeases(bytes);
    if (stored.ok) return stored.value.apiUrl === apiUrl ? stored.value.monitors : [];
    const kept = await file.keepAside();
    logger.error({ kept, why: stored.error }, "leases of an earlier run are damaged: kept aside");
  } catch (error) {
    logger.error({ error }, "leases of an earlier run cannot be read");
  }
  return [];
}

class FileLeaseStore implements LeaseStore {
  readonly #options: LeaseStoreOptions;
  /** Those of monitors that are not there (yet) stay as they were found. */
  readonly #snapshots = new Map<string, () => StoredMonitor>();
  #restored: ReadonlyMap<string, StoredMonitor>;
  #writeAtNs: bigint | undefined;
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #isFailing = false;
  #isClosed = false;

  constructor(options: LeaseStoreOptions, restored: readonly StoredMonitor[]) {
    this.#options = options;
    this.#restored = new Map(restored.map((monitor) => [monitor.monId, monitor]));
    for (const monitor of restored) this.#snapshots.set(monitor.monId, () => monitor);
  }

  restored(monId: string): StoredMonitor | undefined {
    return this.#restored.get(monId);
  }

  follow(monId: string, snapshot: () => StoredMonitor): void {
    this.#restored = new Map([...this.#restored].filter(([each]) => each !== monId));
    this.#snapshots.set(monId, snapshot);
  }

  changed(change: LeaseChange): void {
    if (change !== "none") this.#writeWithin(WRITE_WITHIN_MS[change]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await this.#writing;
    if (this.#writeAtNs !== undefined) await this.#write();
  }

  #writeWithin(delayMs: number): void {
    const { clock, file } = this.#options;
    if (file === undefined) return;
    const atNs = clock.monotonicNs() + BigInt(delayMs * NS_PER_MS);
    if (this.#writeAtNs !== undefined && this.#writeAtNs <= atNs) return;
    this.#writeAtNs = atNs;
    if (this.#isClosed || this.#writing !== undefined) return;
    this.#setTimer(delayMs);
  }

  #setTimer(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.setTimer(delayMs, () => {
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        // What changed while it was being written.
        if (this.#writeAtNs === undefined || this.#isClosed) return;
        const restNs = this.#writeAtNs - this.#options.clock.monotonicNs();
        this.#setTimer(Math.max(0, Number(restNs) / NS_PER_MS));
      });
    });
  }

  async #write(): Promise<void> {
    const { apiUrl, clock, file, logger } = this.#options;
    this.#writeAtNs = undefined;
    const nowMs = unixMsFromNs(clock.nowNs());
    const monitors = [...this.#snapshots.values()].map((snapshot) => unended(snapshot(), nowMs));
    try {
      const bytes = encodeStoredLeases({ apiUrl, monitors });
      if (bytes.length > LEASE_FILE_BYTES_MAX) throw new Error(`${bytes.length} bytes: too large`);
      await file?.replace(bytes);
      if (this.#isFailing) logger.info({}, "leases are kept for a restart again");
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        logger.error({ error }, "leases cannot be kept: after a restart there may be none");
      }
      this.#isFailing = true;
      this.#writeWithin(AFTER_FAILURE_MS);
    }
  }
}

function unended(monitor: StoredMonitor, nowMs: number): StoredMonitor {
  const batches = monitor.batches.filter(
    ({ takenInAtMs, leaseMs }) => takenInAtMs + leaseMs > nowMs,
  );
  return { ...monitor, batches };
}
