// An agent's identity while it runs: the snapshot that everything else reads, who waits for it to change, and the loop
// that keeps it true to the files and to the control plane.

import { AppError, type Clock, type Random } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { OtlpLogLevel } from "../monitor-config.ts";
import { checkCertificate } from "./certificate-renewal.ts";
import { type ChangingValue, createChangingValue } from "./changing-value.ts";
import type { ControlPlane, TokenAnswer } from "./control-plane.ts";
import type { Environment } from "./environment.ts";
import type { FileSystem } from "./file-system.ts";
import type { HostSettings } from "./hosts.ts";
import { createHttpClient } from "./http-client.ts";
import { createIdentityReload, type IdentityReload } from "./identity-reload.ts";
import { canProbe, type IdentitySnapshot } from "./identity-snapshot.ts";
import {
  API_KEY_REFUSED_WAIT,
  API_KEY_WAIT,
  CERTIFICATE_WAIT,
  type IdentityWaitOptions,
  LIVE_WAIT,
  waitForIdentity,
} from "./identity-waits.ts";
import { createJsonControlPlane } from "./json-control-plane.ts";
import { migrateRuntimeDirectory } from "./migrate-runtime-directory.ts";
import { nodeFileSystem } from "./node-file-system.ts";
import { createReloadLoop, type ReloadOutcome } from "./reload-loop.ts";
import { environmentDirectory } from "./state-directory.ts";
import { EMPTY_STATE } from "./state-file.ts";
import { createStateStore, type RunLock, type StateStore } from "./state-store.ts";
import { IDENTITY_FILES } from "./stored-identity.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";
import { type WatchDirectory, watchDirectory } from "./watch-directory.ts";

export interface AgentIdentityOptions {
  readonly environment: Environment;
  /** Absolute; the files lie in `<state directory>/<environment>`. */
  readonly stateDirectory: string;
  readonly hosts: HostSettings;
  /** How this program names itself: `agentUserAgent`. */
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Set for the agent that runs: keeps a second one out (directory_in_use). Absent: as `setup` and `status` do. */
  readonly runAsProcess?: number;
  /** The directory was removed, and another agent runs on the one that took its place: this one must end. */
  readonly onDirectoryLost?: (error: AppError) => void;
  /** RUNTIME_DIRECTORY, from where files are taken over that an older unit left there. */
  readonly runtimeDirectory?: string | undefined;
  /** PEM of what the control plane's certificates lead to, where the files name no other. */
  readonly rootPem?: string | undefined;
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY, for the JSON endpoints. Absent: no proxy. */
  readonly proxyVariables?: Readonly<Record<string, string | undefined>>;
  /** Default: the one at `hosts`. */
  readonly controlPlane?: ControlPlane;
  /** Default: the host's. */
  readonly files?: FileSystem;
  /** Default: the operating system's news. */
  readonly watchDirectory?: WatchDirectory;
}

export interface AgentIdentity extends AsyncDisposable {
  readonly store: StateStore;
  readonly current: IdentitySnapshot;
  /** Called after each change of `current`. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
  /** Begins to look at files and control plane. Once. */
  start(): void;
  /** Looks at both at once, as on SIGHUP. */
  reload(): Promise<ReloadOutcome>;
  /** Stores it, and looks at the control plane with it at once when started. */
  setApiKey(apiKey: string): Promise<void>;
  /** Stored for the next start; the same as before writes nothing. */
  setOtlpLogLevel(level: OtlpLogLevel): Promise<void>;
  /** JWT for the next call; the API key where none is to be had; undefined where there is neither. */
  bearer(signal: AbortSignal, refused?: string): Promise<string | undefined>;
  waitUntilApiKey(signal: AbortSignal): Promise<IdentitySnapshot>;
  /** A certificate that has not ended. One in the last third of its life is good enough. */
  waitUntilCertificatesLoaded(signal: AbortSignal): Promise<IdentitySnapshot>;
  /** API key and certificate; a token is asked for, and not waited for. */
  waitUntilConfigured(signal: AbortSignal): Promise<IdentitySnapshot>;
  /** Configured, and at least one family may probe. */
  waitUntilLive(signal: AbortSignal): Promise<IdentitySnapshot>;
  /** Listeners and waiters at this moment. */
  readonly listening: number;
}

/** Reads the files, and calls nobody: an agent starts while its control plane is away. */
export async function createAgentIdentity(options: AgentIdentityOptions): Promise<AgentIdentity> {
  const { clock, random, logger, environment, files = nodeFileSystem } = options;
  const { controlPlane = controlPlaneAtHosts(options) } = options;
  const directory = environmentDirectory(options.stateDirectory, environment);
  const store = createStateStore({ directory, files, clock, random, logger });
  const { runAsProcess } = options;
  const lock = runAsProcess === undefined ? undefined : await store.lockForRun(runAsProcess);
  try {
    await migrateRuntimeDirectory({ ...options, files, store });
    const value = createChangingValue(emptySnapshot(options));
    const tokens = createTokenSource({
      clock,
      random,
      logger,
      fetchToken: (signal) => fetchToken({ controlPlane, reloading, signal }),
    });
    const reloading = createIdentityReload({ ...options, controlPlane, store, value, tokens });
    await reloading.takeInFiles();
    return assembled({ options, store, value, tokens, reloading, lock });
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw error;
  }
}

function controlPlaneAtHosts({
  clock,
  userAgent,
  proxyVariables,
}: AgentIdentityOptions): ControlPlane {
  return createJsonControlPlane({
    send: createHttpClient({ clock, userAgent, proxyVariables }),
    userAgent,
  });
}

interface Parts {
  readonly options: AgentIdentityOptions;
  readonly store: StateStore;
  readonly value: ChangingValue<IdentitySnapshot>;
  readonly tokens: TokenSource;
  readonly reloading: IdentityReload;
  readonly lock: RunLock | undefined;
}

function assembled(parts: Parts): AgentIdentity {
  const { options, store, value, tokens, reloading, lock } = parts;
  const { clock, random, logger } = options;
  const stopping = new AbortController();
  const loop = createReloadLoop({
    clock,
    random,
    logger,
    directory: store.directory,
    watchDirectory: options.watchDirectory ?? watchDirectory,
    isOurs: (name) => OUR_NAMES.has(name),
    filesChanged: () => reloading.filesChanged(),
    reload: async (signal) => {
      const failure = await keptLockFailure(parts);
      return failure === undefined ? reloading.reload(signal) : { failure, nextCheckMs: undefined };
    },
  });
  let started = false;
  const waits = identityWaits(parts, { reload: () => loop.now(), stopping: stopping.signal });
  return {
    store,
    get current() {
      return value.current;
    },
    get listening() {
      return value.listening;
    },
    subscribe: (listener) => value.subscribe(listener),
    start: () => {
      if (started) return;
      started = true;
      loop.start();
    },
    reload: () => loop.now(),
    setApiKey: async (apiKey) => {
      await reloading.changeState((state) => ({ ...state, apiKey }));
      if (started) loop.now().catch(() => {});
    },
    setOtlpLogLevel: async (otlpLogLevel) => {
      if (value.current.otlpLogLevel === otlpLogLevel) return;
      await reloading.changeState((state) => ({ ...state, otlpLogLevel }));
    },
    bearer: async (signal, refused) => {
      if (refused !== undefined) tokens.refuse(refused);
      const { apiKey } = value.current;
      if (apiKey === "") return;
      return (await tokens.token(signal)) ?? apiKey;
    },
    ...waits,
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new AppError("stopped", "the agent is being stopped"));
      tokens[Symbol.dispose]();
      await loop[Symbol.asyncDispose]();
      lock?.[Symbol.dispose]();
    },
  };
}

/** Where another agent has the directory, nothing in it is read or written any more. */
async function keptLockFailure({ lock, options }: Parts): Promise<unknown> {
  try {
    await lock?.keep();
    return undefined;
  } catch (error) {
    options.logger.error({ error }, "the state directory was removed, and is not held any more");
    if (error instanceof AppError && error.code === "directory_in_use") {
      options.onDirectoryLost?.(error);
      return error;
    }
    // A full disk, or missing rights: tried again at the next look, and no reason to stop.
    return undefined;
  }
}

const OUR_NAMES: ReadonlySet<string> = new Set(Object.values(IDENTITY_FILES));

function emptySnapshot({ environment, rootPem }: AgentIdentityOptions): IdentitySnapshot {
  const nothing = { pair: undefined, rootPem, enrolment: undefined };
  return { ...EMPTY_STATE, ...nothing, environment, apiKeyRefused: false };
}

interface FetchTokenOptions {
  readonly controlPlane: ControlPlane;
  readonly reloading: IdentityReload;
  readonly signal: AbortSignal;
}

async function fetchToken({
  controlPlane,
  reloading,
  signal,
}: FetchTokenOptions): Promise<TokenAnswer> {
  const call = reloading.callFor(signal);
  if (call === undefined) {
    throw new AppError("unauthenticated", "no API key, or no control plane to get a token from");
  }
  return controlPlane.fetchToken(call);
}

type Waits = Pick<
  AgentIdentity,
  "waitUntilApiKey" | "waitUntilCertificatesLoaded" | "waitUntilConfigured" | "waitUntilLive"
>;

interface WaitsOptions {
  readonly reload: () => Promise<ReloadOutcome>;
  readonly stopping: AbortSignal;
}

/** Longer waits than this are told of again. */
const TELL_WAIT_MS = 30_000;

function identityWaits(
  { options, value, tokens }: Parts,
  { reload, stopping }: WaitsOptions,
): Waits {
  const { clock, random, logger } = options;
  const wait = (
    what: string,
    { accept, policy, signal }: Pick<IdentityWaitOptions, "accept" | "policy" | "signal">,
  ): Promise<IdentitySnapshot> =>
    waitForIdentity({
      value,
      clock,
      random,
      reload,
      accept,
      policy,
      signal: AbortSignal.any([signal, stopping]),
      onWait: (restMs, tries) => {
        if (tries === 1 || restMs >= TELL_WAIT_MS)
          logger.info({ restMs: Math.round(restMs) }, what);
      },
    });
  const waitUntilApiKey: Waits["waitUntilApiKey"] = (signal) =>
    wait("waiting for an API key: run `truechimer agent setup` or `truechimer agent enroll`", {
      accept: ({ apiKey, apiKeyRefused }) => apiKey !== "" && !apiKeyRefused,
      policy: ({ apiKeyRefused }) => (apiKeyRefused ? API_KEY_REFUSED_WAIT : API_KEY_WAIT),
      signal,
    });
  const waitUntilCertificatesLoaded: Waits["waitUntilCertificatesLoaded"] = (signal) =>
    wait("waiting for a certificate", {
      accept: ({ pair }) => pair !== undefined && !checkCertificate(pair, clock.nowNs()).expired,
      policy: () => CERTIFICATE_WAIT,
      signal,
    });
  const waitUntilConfigured: Waits["waitUntilConfigured"] = async (signal) => {
    await waitUntilApiKey(signal);
    await waitUntilCertificatesLoaded(signal);
    // Asked for, and not waited for: with a certificate the agent is known without it.
    tokens.token(AbortSignal.any([signal, stopping])).catch(() => {});
    return value.current;
  };
  return {
    waitUntilApiKey,
    waitUntilCertificatesLoaded,
    waitUntilConfigured,
    waitUntilLive: async (signal) => {
      await waitUntilConfigured(signal);
      return wait("waiting until the monitor is testing or active", {
        accept: (snapshot) => canProbe(snapshot, "v4") || canProbe(snapshot, "v6"),
        policy: () => LIVE_WAIT,
        signal,
      });
    },
  };
}
