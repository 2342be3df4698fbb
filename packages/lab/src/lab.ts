// The lab: simulated time servers on loopback that really speak NTP, each with a known fault, and the vantage points
// that watch them. What `npm start` shows first, and what the tests measure against.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { AppError, type Clock, type Random } from "@truechimer/base";
import { LAB_CATALOGUE, type LabServerDefinition, type LabVerdict } from "./lab-catalogue.ts";
import type { LabFault } from "./lab-fault.ts";
import type {
  LabWorkerInput,
  LabWorkerOrder,
  LabWorkerReport,
  ServerAssignment,
} from "./lab-worker-protocol.ts";
import { networkPaths } from "./network-path.ts";
import { canBind } from "./responder-socket.ts";
import { type VantagePoint, vantagePoints } from "./vantage-points.ts";

const ADDRESS_OF_FAMILY = { v4: "127.0.0.1", v6: "::1" } as const;
const FIRST_SOURCE_ADDRESS = "127.0.1.1";
const PORT_MAX = 65_535;
/** A worker that has not closed its sockets by then is ended. */
const CLOSE_MS_MAX = 2_000;

/** A simulated server that is running. */
export interface LabServer extends LabServerDefinition {
  /** Loopback. */
  readonly address: string;
  /** The UDP port that it got. */
  readonly port: number;
  readonly fault: LabFault;
  readonly description: string;
  readonly expectedVerdict: LabVerdict;
  readonly expectedReason: string;
}

/** What a lab is made of. */
export interface LabOptions {
  /** Where the drifting clocks get their start from. */
  readonly clock: Clock;
  /** Seeds loss and jitter. */
  readonly random: Random;
  /** Ports of an earlier run by server name, to be had again where they are free. Default: any free port. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Default: the whole catalogue. */
  readonly catalogue?: readonly LabServerDefinition[];
  /** Called once when the servers stop answering without having been told to. Default: nothing. */
  readonly onBroken?: (error: AppError) => void;
}

/** A running lab. Disposing closes its sockets and ends its thread. */
export interface Lab extends AsyncDisposable {
  readonly servers: readonly LabServer[];
  readonly vantagePoints: readonly VantagePoint[];
}

/** Resolves when every server answers. Throws AppError `socket_failed` when one cannot. */
export async function createLab(options: LabOptions): Promise<Lab> {
  const [ipv6Available, sourceAddressesAvailable] = await Promise.all([
    canBind(ADDRESS_OF_FAMILY.v6),
    canBind(FIRST_SOURCE_ADDRESS),
  ]);
  const points = vantagePoints({ ipv6Available, sourceAddressesAvailable });
  const assignments = assignServers(options, ipv6Available);
  const worker = startWorker({
    servers: assignments,
    paths: networkPaths(points),
    startedAtNs: options.clock.nowNs(),
    seed: seedFrom(options.random),
  });
  // Not `once`, which would reject when the worker fails: that is reported elsewhere.
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  const ports = await listeningPorts(worker);
  watchWorker(worker, options.onBroken);
  return {
    servers: assignments.map(({ definition, address }) => ({
      ...definition,
      address,
      port: ports.get(definition.name) ?? 0,
    })),
    vantagePoints: points,
    [Symbol.asyncDispose]: async () => {
      const cancel = options.clock.setTimer(CLOSE_MS_MAX, () => void worker.terminate());
      worker.postMessage({ kind: "close" } satisfies LabWorkerOrder);
      await exited;
      cancel();
    },
  };
}

function assignServers(options: LabOptions, ipv6Available: boolean): readonly ServerAssignment[] {
  return (options.catalogue ?? LAB_CATALOGUE)
    .filter((definition) => ipv6Available || definition.family === "v4")
    .map((definition) => ({
      definition,
      address: ADDRESS_OF_FAMILY[definition.family],
      preferredPort: preferredPort(definition.name, options.ports),
    }));
}

function preferredPort(name: string, ports: LabOptions["ports"] = {}): number {
  const port = ports[name] ?? 0;
  if (Number.isInteger(port) && port >= 0 && port <= PORT_MAX) return port;
  throw new AppError(
    "config_bad_value",
    `port ${port} of ${name} must be within 0 and ${PORT_MAX}`,
  );
}

function startWorker(input: LabWorkerInput): Worker {
  // From source, Node strips the types itself and must find our packages' sources too.
  const fromSource = import.meta.url.endsWith(".ts");
  return new Worker(new URL(`./lab-worker.${fromSource ? "ts" : "js"}`, import.meta.url), {
    workerData: input,
    execArgv: fromSource ? ["--conditions=source"] : [],
  });
}

async function listeningPorts(worker: Worker): Promise<ReadonlyMap<string, number>> {
  const [report] = (await once(worker, "message")) as [LabWorkerReport];
  if (report.kind === "listening") return report.ports;
  throw brokenLab(report);
}

function watchWorker(worker: Worker, onBroken: (error: AppError) => void = () => {}): void {
  worker.once("message", (report: LabWorkerReport) => {
    if (report.kind === "failed") onBroken(brokenLab(report));
  });
  worker.once("error", (cause) => {
    onBroken(new AppError("socket_failed", "the lab's worker thread ended", { cause }));
  });
}

function brokenLab(report: LabWorkerReport & { kind: "failed" }): AppError {
  return new AppError(
    "socket_failed",
    `simulated server ${report.server} has no socket: ${report.message}; ` +
      "expected a free UDP port on loopback",
  );
}

function seedFrom(random: Random): number {
  return new DataView(random.bytes(4).buffer).getUint32(0);
}
