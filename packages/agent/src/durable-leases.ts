// A monitor's leases, with those of an earlier run that have not ended, and kept for the next one.

import { unixMsFromNs } from "@truechimer/base";
import { createLeases, type HeldBatch, type Leases } from "./leases.ts";
import { monitorConfigFrom } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { configMessage, type StoredBatch, type StoredMonitor } from "./stored-leases.ts";

const NS_PER_MS = 1_000_000n;

export function createDurableLeases(context: MonitorContext): Leases {
  const { address, clock, config, leaseStore } = context;
  const leases = createLeases();
  const restored = leaseStore.restored(address.text);
  if (restored !== undefined) restore(leases, restored, context);
  leaseStore.follow(address.text, (): StoredMonitor => {
    const nowNs = clock.monotonicNs();
    const nowMs = unixMsFromNs(clock.nowNs());
    const { current } = config;
    return {
      monId: address.text,
      cursor: leases.cursor,
      config: current === undefined ? undefined : configMessage(current),
      batches: leases.held(nowNs).map(({ takenInNs, ...batch }) => ({
        ...batch,
        takenInAtMs: nowMs - Number((nowNs - takenInNs) / NS_PER_MS),
      })),
    };
  });
  return {
    ...leases,
    get size() {
      return leases.size;
    },
    get cursor() {
      return leases.cursor;
    },
    takeIn: (batch, nowNs) => {
      const change = leases.takeIn(batch, nowNs);
      leaseStore.changed(change);
      return change;
    },
  };
}

/** With them goes the configuration that they were worked by; a newer one takes its place as soon as it comes. */
function restore(leases: Leases, stored: StoredMonitor, context: MonitorContext): void {
  const { clock, config, logger } = context;
  const nowNs = clock.monotonicNs();
  const nowMs = unixMsFromNs(clock.nowNs());
  const heldFrom = ({ takenInAtMs, ...batch }: StoredBatch): HeldBatch => {
    // A clock that was set back makes no lease longer.
    const agoMs = Math.max(0, nowMs - takenInAtMs);
    return { ...batch, takenInNs: nowNs - BigInt(agoMs) * NS_PER_MS };
  };
  leases.restore({ cursor: stored.cursor, batches: stored.batches.map(heldFrom) }, nowNs);
  if (leases.size === 0) return;
  logger.info({ servers: leases.size }, "leases of an earlier run are held");
  if (config.current === undefined && stored.config !== undefined) {
    config.set(monitorConfigFrom(stored.config, context));
  }
}
