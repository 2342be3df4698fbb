// An honest control plane with leases: hands out each server when it is due, counts each submission and each time of a
// server once, names what is withdrawn, and may be away.

import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import type { CreateTransport } from "@truechimer/agent";
import { monitorV2 } from "@truechimer/api";
import { type Clock, createUlid, ipAddressFromBytes, systemRandom } from "@truechimer/base";
import { codedError } from "./_fake-control-plane.ts";
import { ip } from "./_simulated-agent.ts";

export interface CountedResult {
  readonly monId: string;
  readonly server: string;
  readonly atMs: number;
  readonly noResponse: boolean;
}

export interface LeasedControlPlane {
  readonly createTransport: CreateTransport;
  /** No call is answered; one that was under way may have been counted. */
  isAway: boolean;
  /** Not live: no configuration, no work; what was measured is taken. */
  readonly notLive: Set<string>;
  readonly counted: CountedResult[];
  /** Ids of those that were counted. */
  readonly submissions: ReadonlySet<string>;
  /** Of submissions that had been counted, and of results whose time had been. */
  readonly repeated: { submissions: number; results: number };
  readonly calls: { getConfig: number; getServers: number };
  withdraw(server: string): void;
  /** Called after a submission was counted; may throw: the answer is lost. */
  afterCounting: () => void;
}

export interface LeasedOptions {
  readonly clock: Clock;
  readonly servers: readonly string[];
  readonly intervalMs: number;
  readonly batchSize?: number;
  /** False: work is for once. */
  readonly leased?: boolean;
  readonly samples?: number;
  /** Default 1 s. */
  readonly idlePollMs?: number;
}

const NS_PER_MS = 1_000_000n;

export function createLeasedControlPlane(options: LeasedOptions): LeasedControlPlane {
  const {
    clock,
    intervalMs,
    batchSize = 10,
    leased = true,
    samples = 1,
    idlePollMs = 1_000,
  } = options;
  const watched = new Set(options.servers);
  const withdrawn: string[] = [];
  /** When each monitor was last given each server. */
  const queued = new Map<string, number>();
  const seenSubmissions = new Set<string>();
  const seenTimes = new Set<string>();
  const nowMs = (): number => Number(clock.nowNs() / NS_PER_MS);
  const config = {
    samples,
    privateTargetsAllowed: true,
    sampleInterval: durationFromMs(2_000),
    idlePollInterval: durationFromMs(idlePollMs),
  };
  const enter = (): void => {
    if (plane.isAway) throw new ConnectError("away", Code.Unavailable);
  };
  const requireLive = (monId: string): void => {
    if (plane.notLive.has(monId)) throw codedError("monitor_not_live", Code.PermissionDenied);
  };
  const takeDue = (monId: string): string[] => {
    const due = [...watched].filter((server) => {
      const familyFits = server.includes(":") === monId.includes(":");
      return familyFits && nowMs() - (queued.get(`${monId} ${server}`) ?? 0) >= intervalMs;
    });
    const taken = due.slice(0, batchSize);
    for (const server of taken) queued.set(`${monId} ${server}`, nowMs());
    return taken;
  };
  const count = (monId: string, status: monitorV2.ServerStatus): void => {
    const address = ipAddressFromBytes(status.ipBytes);
    const server = address.ok ? address.value.text : "?";
    const { seconds = 0n, nanos = 0 } = status.ts ?? {};
    const key = `${monId} ${server} ${seconds}.${nanos}`;
    if (seenTimes.has(key)) {
      plane.repeated.results += 1;
      return;
    }
    seenTimes.add(key);
    const atMs = Number(seconds) * 1_000 + nanos / 1e6;
    plane.counted.push({ monId, server, atMs, noResponse: status.noResponse });
    const queueKey = `${monId} ${server}`;
    const before = queued.get(queueKey) ?? 0;
    // As ours: a further result under one ticket puts off when the server is due.
    if (atMs - before > intervalMs / 2) queued.set(queueKey, atMs);
  };
  const plane: LeasedControlPlane = {
    isAway: false,
    notLive: new Set(),
    counted: [],
    submissions: seenSubmissions,
    repeated: { submissions: 0, results: 0 },
    calls: { getConfig: 0, getServers: 0 },
    afterCounting: () => {},
    withdraw: (server) => {
      watched.delete(server);
      withdrawn.push(server);
    },
    createTransport: (interceptors) =>
      createRouterTransport(
        ({ service }) => {
          service(monitorV2.MonitorService, {
            getConfig: ({ monId }) => {
              enter();
              plane.calls.getConfig += 1;
              requireLive(monId);
              return create(monitorV2.GetConfigResponseSchema, config);
            },
            getServers: ({ monId, withdrawalsAfter }) => {
              enter();
              plane.calls.getServers += 1;
              requireLive(monId);
              const batchId = new TextEncoder().encode(createUlid(clock, systemRandom));
              return create(monitorV2.GetServersResponseSchema, {
                batchId,
                config,
                servers: takeDue(monId).map((server) => ({
                  ipBytes: ip(server).bytes,
                  ticket: batchId,
                  ...(leased ? { checkInterval: durationFromMs(intervalMs) } : {}),
                })),
                ...(leased ? { lease: durationFromMs(24 * 3_600_000) } : {}),
                withdrawals: withdrawn
                  .slice(Number(withdrawalsAfter ?? withdrawn.length))
                  .map((server) => ({ ipBytes: ip(server).bytes })),
                withdrawalsCursor: BigInt(withdrawn.length),
              });
            },
            submitResults: ({ monId, submissionId = "", batchId, list }) => {
              enter();
              const duplicate = seenSubmissions.has(submissionId);
              if (duplicate) plane.repeated.submissions += 1;
              else {
                for (const status of list) {
                  if (!Buffer.from(status.ticket).equals(batchId)) {
                    throw codedError("bad_ticket", Code.InvalidArgument);
                  }
                  count(monId, status);
                }
                seenSubmissions.add(submissionId);
              }
              plane.afterCounting();
              return create(monitorV2.SubmitResultsResponseSchema, { ok: true, duplicate });
            },
          });
        },
        { transport: { interceptors } },
      ),
  };
  return plane;
}
