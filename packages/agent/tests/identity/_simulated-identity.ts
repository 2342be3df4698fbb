// An agent's identity in virtual time, on a file system in memory, with a watch that a test moves and a control plane
// that answers what the test says.

import { dirname } from "node:path";
import {
  AppError,
  type IpFamily,
  parseIpAddress,
  unsafelyDeterministicRandom,
} from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { createVirtualClock, type VirtualClock } from "@truechimer/testing-sim";
import {
  type AgentIdentity,
  type AgentIdentityOptions,
  createAgentIdentity,
} from "../../src/identity/agent-identity.ts";
import type {
  ConfigAnswer,
  ControlPlane,
  IssuedAnswer,
  TokenAnswer,
} from "../../src/identity/control-plane.ts";
import type { WatchDirectory, WatchListener } from "../../src/identity/watch-directory.ts";
import { createMemoryFileSystem, type MemoryFileSystem } from "./_memory-file-system.ts";

const STATE_DIRECTORY = "/var/lib/agent";
export const DIRECTORY: string = `${STATE_DIRECTORY}/devel`;
export const NAME = "zurich-1gw2pjj.devel.mon.truechimer.internal";

/** Answers, and what was asked. A handler may throw, or wait until its signal. */
export interface FakePlane extends ControlPlane {
  config: (apiKey: string, requestCertificate: boolean) => ConfigAnswer | Promise<ConfigAnswer>;
  token: () => TokenAnswer | Promise<TokenAnswer>;
  issue: (csrDer: Uint8Array) => IssuedAnswer | undefined | Promise<IssuedAnswer | undefined>;
  readonly asked: { config: number; token: number; certificate: number };
  readonly keys: string[];
}

export function createFakePlane(): FakePlane {
  const asked = { config: 0, token: 0, certificate: 0 };
  const keys: string[] = [];
  const plane: FakePlane = {
    asked,
    keys,
    config: () => configAnswer(),
    token: () => ({ token: "jwt", expiresInMs: 3_600_000 }),
    issue: () => undefined,
    fetchConfig: async ({ apiKey, requestCertificate, signal }) => {
      asked.config += 1;
      keys.push(apiKey);
      const answer = await unlessAborted(plane.config(apiKey, requestCertificate), signal);
      return answer;
    },
    fetchToken: async ({ signal }) => {
      asked.token += 1;
      return unlessAborted(plane.token(), signal);
    },
    renewCertificate: async ({ csrDer, signal }) => {
      asked.certificate += 1;
      return unlessAborted(plane.issue(csrDer), signal);
    },
  };
  return plane;
}

export function configAnswer(changes: Partial<ConfigAnswer> = {}): ConfigAnswer {
  return {
    name: "Zürich",
    tlsName: NAME,
    v4: family("v4", "pending"),
    v6: { status: "", address: undefined },
    tls: undefined,
    ...changes,
  };
}

export function family(which: IpFamily, status: string): ConfigAnswer["v4"] {
  const parsed = parseIpAddress(which === "v4" ? "192.0.2.1" : "2001:db8::1");
  return { status, address: parsed.ok ? parsed.value : undefined };
}

export function unreachable(): never {
  throw new AppError("peer_unreachable", "the control plane cannot be reached (ECONNREFUSED)");
}

export function unauthorized(): never {
  throw new AppError("unauthenticated", "the control plane does not know this agent's API key");
}

export interface MovedWatch {
  readonly watchDirectory: WatchDirectory;
  /** Of the watch that is open. */
  readonly event: (name: string | undefined) => void;
  readonly fail: () => void;
  /** New watches are refused. */
  refused: boolean;
  /** Another directory has taken the path. */
  replaced: boolean;
  opened: number;
  readonly open: number;
}

function createMovedWatch(): MovedWatch {
  const listeners = new Set<WatchListener>();
  const moved: { -readonly [Key in keyof MovedWatch]: MovedWatch[Key] } = {
    refused: false,
    replaced: false,
    opened: 0,
    get open() {
      return listeners.size;
    },
    event: (name: string | undefined): void => {
      for (const listener of Array.from(listeners)) listener.onEvent(name);
    },
    fail: (): void => {
      for (const listener of Array.from(listeners)) {
        listeners.delete(listener);
        listener.onError(new Error("the watch overflowed"));
      }
    },
    watchDirectory: ((_path, listener) => {
      if (moved.refused) throw new Error("no watch to be had");
      moved.opened += 1;
      moved.replaced = false;
      listeners.add(listener);
      return {
        isCurrent: async () => !moved.replaced,
        [Symbol.dispose]: () => void listeners.delete(listener),
      };
    }) satisfies WatchDirectory,
  };
  return moved;
}

export interface SimulatedIdentity extends AsyncDisposable {
  readonly identity: AgentIdentity;
  readonly clock: VirtualClock;
  readonly files: MemoryFileSystem;
  readonly plane: FakePlane;
  readonly watch: MovedWatch;
}

export interface SimulationOptions extends Partial<AgentIdentityOptions> {
  readonly files?: MemoryFileSystem;
  readonly plane?: FakePlane;
  readonly clock?: VirtualClock;
}

export async function simulateIdentity(
  options: SimulationOptions = {},
): Promise<SimulatedIdentity> {
  const {
    clock = createVirtualClock(),
    files = createMemoryFileSystem(),
    plane = createFakePlane(),
    ...rest
  } = options;
  const watch = createMovedWatch();
  const identity = await createAgentIdentity({
    environment: "devel",
    stateDirectory: STATE_DIRECTORY,
    hosts: { serverUrl: "https://pool.example" },
    userAgent: "ntppool-agent/v4.1.5/truechimer-0.1.0 (test)",
    clock,
    random: unsafelyDeterministicRandom(1),
    logger: silentLogger,
    ...rest,
    files,
    controlPlane: plane,
    watchDirectory: watch.watchDirectory,
  });
  return {
    identity,
    clock,
    files,
    plane,
    watch,
    [Symbol.asyncDispose]: () => identity[Symbol.asyncDispose](),
  };
}

/** What another program writes: whole, and with the event that the system makes of it. */
export function writtenByAnother(simulated: SimulatedIdentity, path: string, text: string): void {
  simulated.files.put(path, text);
  if (dirname(path) === DIRECTORY) simulated.watch.event(path.slice(DIRECTORY.length + 1));
}

/** Until what is under way has gone as far as it can without the clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await oneTurn();
}

/** Until it is so, without the clock: keys are made by threads of the system's. Fails by the test's own time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await oneTurn();
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function unlessAborted<Value>(value: Value | Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    Promise.resolve(value).then(resolve, reject);
  });
}
