// One look at an agent's files and at its control plane, and what follows from it.
//
// Files first, and told to everyone before any call: a key that `setup` has just written is in use although the control
// plane is away. Then the configuration, then a certificate when one is due. What the control plane says counts at once
// and is stored; when it cannot be stored (a full disk), it counts nevertheless and is stored at the next look.

import { AppError, type Clock, type Random } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import {
  type CertificatePair,
  encodeCombinedPair,
  parseCertificatePair,
} from "./certificate-pair.ts";
import { checkCertificate } from "./certificate-renewal.ts";
import { createCertificateRequest } from "./certificate-request.ts";
import type { ChangingValue } from "./changing-value.ts";
import type { ConfigAnswer, ControlPlane, ControlPlaneCall } from "./control-plane.ts";
import { type HostSettings, hostsOf } from "./hosts.ts";
import { type IdentitySnapshot, isLive } from "./identity-snapshot.ts";
import type { ReloadOutcome } from "./reload-loop.ts";
import { rootOfChain } from "./root-of-chain.ts";
import { type AgentState, encodeStateFile, statesEqual } from "./state-file.ts";
import type { StateStore } from "./state-store.ts";
import {
  digestOf,
  digestsEqual,
  type FileDigests,
  IDENTITY_FILES,
  type IdentityFileName,
  newerPair,
  type StoredIdentity,
} from "./stored-identity.ts";
import type { TokenSource } from "./token-source.ts";

export interface IdentityReloadOptions {
  readonly store: StateStore;
  readonly value: ChangingValue<IdentitySnapshot>;
  readonly controlPlane: ControlPlane;
  readonly tokens: TokenSource;
  readonly hosts: HostSettings;
  /** Trusted where the files name no root. */
  readonly rootPem?: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface IdentityReload {
  /** Reads the files, repairs them, and takes in what can be used. */
  takeInFiles(): Promise<void>;
  filesChanged(): Promise<boolean>;
  /** Never rejects. */
  reload(signal: AbortSignal): Promise<ReloadOutcome>;
  /** Makes a change to the state, in the file and in the snapshot. */
  changeState(change: (state: AgentState) => AgentState): Promise<void>;
  /** Whom to call at this moment, and as who. Undefined: nobody to be, or nobody to call. */
  callFor(signal: AbortSignal): ControlPlaneCall | undefined;
}

interface Working extends IdentityReloadOptions {
  /** The files as they were last taken in or written. */
  digests: FileDigests;
  /** What state.json held then: another content is somebody else's change. */
  stored: AgentState | undefined;
  /** The peer makes keys and certificates itself, as the NTP Pool's. */
  peerMakesKeys: boolean;
  /** The name that the newest certificate was asked for: one that lacks it is not asked for again and again. */
  namedFor: string;
  /** The files are taken in by one, or changed by one, at a time. */
  turn: Promise<unknown>;
}

export function createIdentityReload(options: IdentityReloadOptions): IdentityReload {
  const working: Working = {
    ...options,
    digests: {},
    stored: undefined,
    peerMakesKeys: false,
    namedFor: "",
    turn: Promise.resolve(),
  };
  return {
    takeInFiles: () => inTurn(working, () => takeInFiles(working)),
    filesChanged: async () => !digestsEqual((await options.store.read()).digests, working.digests),
    reload: (signal) => reload(working, signal),
    changeState: (change) => inTurn(working, () => changeState(working, change)),
    callFor: (signal) => callFor(working, signal),
  };
}

function inTurn(working: Working, work: () => Promise<void>): Promise<void> {
  const turn = working.turn.then(work);
  working.turn = turn.catch(() => {});
  return turn;
}

async function reload(working: Working, signal: AbortSignal): Promise<ReloadOutcome> {
  const { logger, value } = working;
  let failure: unknown;
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      failure ??= error;
      logger.warn({ error }, what);
    }
  };
  await attempt("identity files not taken in", () => inTurn(working, () => takeInFiles(working)));
  const call = signal.aborted ? undefined : callFor(working, signal);
  if (call !== undefined) {
    await attempt("configuration not received from the control plane", () =>
      takeInConfig(working, call),
    );
    if (!signal.aborted) await attempt("certificate not renewed", () => renew(working, signal));
  }
  const { pair } = value.current;
  const check = pair && checkCertificate(pair, working.clock.nowNs());
  return { failure, nextCheckMs: check?.nextCheckMs };
}

async function takeInFiles(working: Working): Promise<void> {
  const { store, value, logger } = working;
  let found = await store.read();
  if (!digestsEqual(found.digests, working.digests)) {
    for (const problem of found.problems)
      logger.warn({ problem }, "a part of an identity file is not used");
  }
  if (needsRepair(found)) {
    await store.repair();
    found = await store.read();
  }
  const current = value.current;
  const changedState =
    found.state !== undefined &&
    (working.stored === undefined || !statesEqual(found.state, working.stored));
  const state = changedState ? found.state : current;
  const pair = newerPair(current.pair, found.pair);
  working.stored = found.state;
  working.digests = found.digests;
  publish(working, {
    ...current,
    ...state,
    pair,
    rootPem: found.rootPem ?? working.rootPem,
    enrolment: found.enrolment ?? current.enrolment,
  });
  await storeMissing(working, found);
}

function needsRepair({ damaged, pairIncomplete }: StoredIdentity): boolean {
  return damaged.length > 0 || pairIncomplete;
}

/** What the snapshot has and the files do not: they were removed, or could not be written when it came. */
async function storeMissing(working: Working, found: StoredIdentity): Promise<void> {
  const { value } = working;
  const { pair } = value.current;
  if (pair !== undefined && pair.fingerprint !== found.pair?.fingerprint) {
    await storePair(working, pair);
  }
  if (!sameState(value.current, found.state)) await saveState(working);
}

function sameState(current: AgentState, stored: AgentState | undefined): boolean {
  // An agent that is nobody yet needs no file to say so.
  if (stored === undefined) return current.apiKey === "" && current.tlsName === "";
  return statesEqual(current, stored);
}

/**
 * What we wrote, so that its event is not taken for somebody else's change. Not read back: what lies there by then may be
 * somebody else's already.
 */
function remember(
  working: Working,
  texts: Readonly<Partial<Record<IdentityFileName, string>>>,
): void {
  const digests = Object.entries(texts).map(([name, text]) => [name, digestOf(text)]);
  working.digests = { ...working.digests, ...(Object.fromEntries(digests) as FileDigests) };
}

async function storePair(working: Working, pair: CertificatePair): Promise<void> {
  await working.store.storePair(pair);
  remember(working, {
    [IDENTITY_FILES.pair]: encodeCombinedPair(pair),
    [IDENTITY_FILES.key]: pair.keyPem,
    [IDENTITY_FILES.certificate]: pair.certificatePem,
  });
}

async function saveState(working: Working): Promise<void> {
  const { apiKey, ...facts } = stateOf(working.value.current);
  // The key on the disk may be newer: `setup` writes it beside a running agent.
  await changeState(working, (stored) => ({ ...stored, ...facts }), { ...facts, apiKey });
}

async function changeState(
  working: Working,
  change: (state: AgentState) => AgentState,
  otherwise: AgentState = stateOf(working.value.current),
): Promise<void> {
  const written = await working.store.changeState(change, otherwise);
  working.stored = written;
  publish(working, { ...working.value.current, ...written });
  remember(working, { [IDENTITY_FILES.state]: encodeStateFile(written) });
}

function stateOf({ apiKey, name, tlsName, v4, v6, otlpLogLevel }: AgentState): AgentState {
  return { apiKey, name, tlsName, v4, v6, otlpLogLevel };
}

function callFor(working: Working, signal: AbortSignal): ControlPlaneCall | undefined {
  const { apiKey, pair, enrolment, rootPem } = working.value.current;
  const certificateIsEnough = pair !== undefined && enrolment?.agentUrl !== undefined;
  if (apiKey === "" && !certificateIsEnough) return;
  const hosts = hostsOf(working.hosts, working.value.current);
  if (!hosts.ok) {
    working.logger.warn({ problem: hosts.error }, "the control plane is not called");
    return;
  }
  return { ...hosts.value, apiKey, pair: usablePair(working, pair), rootPem, signal };
}

/** A certificate that has ended would only end the handshake. */
function usablePair(
  { clock }: Working,
  pair: CertificatePair | undefined,
): CertificatePair | undefined {
  return pair !== undefined && !checkCertificate(pair, clock.nowNs()).expired ? pair : undefined;
}

async function takeInConfig(working: Working, call: ControlPlaneCall): Promise<void> {
  const { controlPlane, tokens, value } = working;
  const requestCertificate = working.peerMakesKeys && certificateWanted(working);
  try {
    const answer = await controlPlane.fetchConfig({ ...call, requestCertificate });
    // An answer to a key that was exchanged meanwhile is about somebody else.
    if (value.current.apiKey !== call.apiKey) return;
    await adoptConfig(working, answer);
  } catch (error) {
    if (isUnauthenticated(error) && value.current.apiKey === call.apiKey) {
      tokens.forget();
      publish(working, { ...value.current, apiKeyRefused: true });
    }
    throw error;
  }
}

async function adoptConfig(working: Working, answer: ConfigAnswer): Promise<void> {
  const { value } = working;
  const { name, tlsName, v4, v6, tls } = answer;
  publish(working, { ...value.current, name, tlsName, v4, v6, apiKeyRefused: false });
  if (tls !== undefined) await adoptMadePair(working, tls);
  if (!sameState(value.current, working.stored)) await saveState(working);
}

async function adoptMadePair(
  working: Working,
  tls: NonNullable<ConfigAnswer["tls"]>,
): Promise<void> {
  const parsed = parseCertificatePair(tls);
  if (!parsed.ok) {
    throw new AppError(
      "bad_answer",
      `the control plane sent a certificate that is not used: ${parsed.error}; the one before stays`,
    );
  }
  await adoptPair(working, parsed.value);
}

/** In use from this moment, stored or not. */
async function adoptPair(working: Working, pair: CertificatePair): Promise<void> {
  const { value, logger } = working;
  working.namedFor = value.current.tlsName;
  if (pair.fingerprint === value.current.pair?.fingerprint) return;
  publish(working, { ...value.current, pair });
  logger.info({ fingerprint: pair.fingerprint, names: pair.dnsNames }, "certificate received");
  await storePair(working, pair);
}

function certificateWanted({ value, clock, namedFor }: Working): boolean {
  const { pair, tlsName } = value.current;
  // The first is issued to a monitor that works.
  if (pair === undefined) return isLive(value.current, "v4") || isLive(value.current, "v6");
  if (checkCertificate(pair, clock.nowNs()).renewalDue) return true;
  // Named anew: what the certificate says is not who the agent is.
  const named = pair.dnsNames.length === 0 || pair.dnsNames.includes(tlsName);
  return tlsName !== "" && !named && namedFor !== tlsName;
}

async function renew(working: Working, signal: AbortSignal): Promise<void> {
  if (!certificateWanted(working) || working.value.current.tlsName === "") return;
  const call = callFor(working, signal);
  if (call === undefined) return;
  if (!working.peerMakesKeys && (await renewOverOwnKey(working, call))) return;
  // The peer makes the keys; the first time this is known only now.
  if (working.peerMakesKeys && certificateWanted(working)) {
    const answer = await working.controlPlane.fetchConfig({ ...call, requestCertificate: true });
    if (working.value.current.apiKey === call.apiKey) await adoptConfig(working, answer);
  }
}

/** False: the peer has no service for it. */
async function renewOverOwnKey(working: Working, call: ControlPlaneCall): Promise<boolean> {
  const { controlPlane, tokens, value, store } = working;
  const { keyPem, csrDer } = await createCertificateRequest();
  const token = call.apiKey === "" ? undefined : await tokens.token(call.signal);
  const bearer = token ?? (call.apiKey === "" ? undefined : call.apiKey);
  const issued = await controlPlane.renewCertificate({ ...call, csrDer, bearer });
  if (issued === undefined) {
    working.peerMakesKeys = true;
    return false;
  }
  const parsed = parseCertificatePair({ certificatePem: issued.certificatePem, keyPem });
  if (!parsed.ok) {
    throw new AppError(
      "bad_answer",
      `the control plane issued a certificate that is not used: ${parsed.error}`,
    );
  }
  const rootPem = issued.rootPem || value.current.rootPem;
  const root = rootPem === undefined ? undefined : rootOfChain({ ...issued, rootPem });
  if (root?.ok === false) {
    throw new AppError(
      "bad_answer",
      `the control plane issued a certificate that is not used: ${root.error}`,
    );
  }
  if (issued.rootPem !== "" && issued.rootPem !== value.current.rootPem) {
    publish(working, { ...value.current, rootPem: issued.rootPem });
    await store.storeRoot(issued.rootPem);
    remember(working, { [IDENTITY_FILES.root]: issued.rootPem });
  }
  await adoptPair(working, parsed.value);
  return true;
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof AppError && error.code === "unauthenticated";
}

/** Tells of a change where there is one. Another key is a fresh start: whatever was said of the one before is over. */
function publish({ value, tokens }: Working, next: IdentitySnapshot): void {
  const before = value.current;
  const anotherKey = next.apiKey !== before.apiKey;
  if (anotherKey) tokens.forget();
  const settled = anotherKey ? { ...next, apiKeyRefused: false } : next;
  if (!snapshotsEqual(before, settled)) value.publish(settled);
}

function snapshotsEqual(a: IdentitySnapshot, b: IdentitySnapshot): boolean {
  return (
    statesEqual(a, b) &&
    a.apiKeyRefused === b.apiKeyRefused &&
    a.pair?.fingerprint === b.pair?.fingerprint &&
    a.rootPem === b.rootPem &&
    a.enrolment?.serverUrl === b.enrolment?.serverUrl &&
    a.enrolment?.agentUrl === b.enrolment?.agentUrl
  );
}
