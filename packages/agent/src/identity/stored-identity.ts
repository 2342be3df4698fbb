// What lies in a state directory, read as it is: nothing here changes a file. What cannot be used is named and left out,
// so that the agent goes on with the rest.

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Result } from "@truechimer/base";
import {
  type CertificatePair,
  PEM_BYTES_MAX,
  parseCertificatePair,
  parseCombinedPair,
} from "./certificate-pair.ts";
import { type Enrolment, parseEnrolmentFile } from "./enrolment-file.ts";
import { readFailure } from "./file-failure.ts";
import type { FileSystem } from "./file-system.ts";
import { type AgentState, parseStateFile } from "./state-file.ts";

/** Names within `<state directory>/<environment>/`. The first three are the NTP Pool's. */
export const IDENTITY_FILES = {
  state: "state.json",
  certificate: "cert.pem",
  key: "key.pem",
  /** Key and certificate in one, so that they are replaced together; the two files above follow it. */
  pair: "identity.pem",
  root: "root.pem",
  enrolment: "enrolment.json",
} as const;

export type IdentityFileName = (typeof IDENTITY_FILES)[keyof typeof IDENTITY_FILES];

/** A state.json has about 400 bytes; a file of this size is something else. */
export const STATE_BYTES_MAX: number = 1_024 * 1_024;

export interface DamagedFile {
  readonly name: IdentityFileName;
  /** What is wrong with it, for people. */
  readonly why: string;
}

export type FileDigests = Readonly<Partial<Record<IdentityFileName, string>>>;

export interface StoredIdentity {
  /** Absent: no file, or a damaged one. */
  readonly state: AgentState | undefined;
  readonly pair: CertificatePair | undefined;
  readonly rootPem: string | undefined;
  readonly enrolment: Enrolment | undefined;
  /** Files that cannot be used, to be kept aside. */
  readonly damaged: readonly DamagedFile[];
  /** What else a person should know, one sentence each. */
  readonly problems: readonly string[];
  /** The files of the pair do not all hold `pair`: a write was cut short, or somebody else made it. */
  readonly pairIncomplete: boolean;
  /** Of the content of each file: the same as long as it did not change. */
  readonly digests: FileDigests;
}

interface ReadText {
  readonly text: string | undefined;
  readonly why: string | undefined;
}

/** Throws config_unreadable where the system refuses a read. */
export async function readStoredIdentity(
  files: FileSystem,
  directory: string,
): Promise<StoredIdentity> {
  const read = (name: IdentityFileName, bytesMax: number): Promise<ReadText> =>
    readText({ files, path: join(directory, name), bytesMax });
  const state = await read(IDENTITY_FILES.state, STATE_BYTES_MAX);
  const combined = await read(IDENTITY_FILES.pair, 2 * PEM_BYTES_MAX);
  const certificate = await read(IDENTITY_FILES.certificate, PEM_BYTES_MAX);
  const key = await read(IDENTITY_FILES.key, PEM_BYTES_MAX);
  const root = await read(IDENTITY_FILES.root, PEM_BYTES_MAX);
  const enrolment = await read(IDENTITY_FILES.enrolment, STATE_BYTES_MAX);
  const parsedState = parsed(state, parseStateFile);
  const parsedEnrolment = parsed(enrolment, parseEnrolmentFile);
  const pair = choosePair({ combined, certificate, key });
  const texts = {
    [IDENTITY_FILES.state]: state,
    [IDENTITY_FILES.pair]: combined,
    [IDENTITY_FILES.certificate]: certificate,
    [IDENTITY_FILES.key]: key,
    [IDENTITY_FILES.root]: root,
    [IDENTITY_FILES.enrolment]: enrolment,
  };
  return {
    state: parsedState.value?.state,
    pair: pair.chosen,
    rootPem: root.text,
    enrolment: parsedEnrolment.value,
    damaged: [
      ...damagedFile(IDENTITY_FILES.state, parsedState.why),
      ...pair.damaged,
      ...damagedFile(IDENTITY_FILES.root, root.why),
      ...damagedFile(IDENTITY_FILES.enrolment, parsedEnrolment.why),
    ],
    problems: [
      ...(parsedState.value?.problems ?? []).map(
        (problem) => `${IDENTITY_FILES.state}: ${problem}`,
      ),
      ...pair.problems,
    ],
    pairIncomplete: pair.incomplete,
    digests: Object.fromEntries(
      Object.entries(texts).map(([name, { text, why }]) => [name, digestOf(text ?? why ?? "")]),
    ),
  };
}

interface ReadTextOptions {
  readonly files: FileSystem;
  readonly path: string;
  readonly bytesMax: number;
}

async function readText({ files, path, bytesMax }: ReadTextOptions): Promise<ReadText> {
  const found = await files.read(path, bytesMax).catch((error: unknown) => {
    throw readFailure(path, error);
  });
  switch (found.kind) {
    case "file":
      return { text: new TextDecoder().decode(found.bytes), why: undefined };
    case "missing":
      return { text: undefined, why: undefined };
    case "too_large":
      return {
        text: undefined,
        why: `it has ${found.byteLength} bytes, more than the ${bytesMax} that such a file may have`,
      };
    case "no_file":
      return { text: undefined, why: "it is no file" };
  }
}

interface Parsed<Value> {
  readonly value: Value | undefined;
  readonly why: string | undefined;
}

function parsed<Value>(
  { text, why }: ReadText,
  parse: (text: string) => Result<Value, string>,
): Parsed<Value> {
  if (text === undefined) return { value: undefined, why };
  const result = parse(text);
  return result.ok
    ? { value: result.value, why: undefined }
    : { value: undefined, why: result.error };
}

interface PairTexts {
  readonly combined: ReadText;
  readonly certificate: ReadText;
  readonly key: ReadText;
}

interface ChosenPair {
  readonly chosen: CertificatePair | undefined;
  readonly damaged: readonly DamagedFile[];
  readonly problems: readonly string[];
  readonly incomplete: boolean;
}

/**
 * The combined file is written first and whole. The two others follow it, unless the NTP Pool's agent or a person wrote
 * them: then theirs is the newer certificate, if the two match.
 */
function choosePair({ combined, certificate, key }: PairTexts): ChosenPair {
  const whole = parsed(combined, parseCombinedPair);
  const apart = parsedApart(certificate, key);
  const chosen = newerPair(whole.value, apart.value);
  const nothing =
    combined.text === undefined && certificate.text === undefined && key.text === undefined;
  return {
    chosen,
    damaged: [
      ...damagedFile(IDENTITY_FILES.pair, whole.why),
      ...damagedFile(IDENTITY_FILES.certificate, certificate.why),
      ...damagedFile(IDENTITY_FILES.key, key.why),
    ],
    problems:
      apart.why === undefined
        ? []
        : [`${IDENTITY_FILES.certificate} and ${IDENTITY_FILES.key} are not used: ${apart.why}`],
    incomplete:
      !nothing &&
      chosen !== undefined &&
      (whole.value?.fingerprint !== chosen.fingerprint ||
        apart.value?.fingerprint !== chosen.fingerprint),
  };
}

function parsedApart(certificate: ReadText, key: ReadText): Parsed<CertificatePair> {
  if (certificate.text === undefined && key.text === undefined) {
    return { value: undefined, why: undefined };
  }
  if (certificate.text === undefined || key.text === undefined) {
    return { value: undefined, why: "one of the two is missing" };
  }
  const result = parseCertificatePair({ certificatePem: certificate.text, keyPem: key.text });
  return result.ok
    ? { value: result.value, why: undefined }
    : { value: undefined, why: result.error };
}

/** The later issued of two; the first of two alike. */
export function newerPair(
  first: CertificatePair | undefined,
  second: CertificatePair | undefined,
): CertificatePair | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  if (second.notBeforeNs !== first.notBeforeNs) {
    return second.notBeforeNs > first.notBeforeNs ? second : first;
  }
  return second.notAfterNs > first.notAfterNs ? second : first;
}

function damagedFile(name: IdentityFileName, why: string | undefined): readonly DamagedFile[] {
  return why === undefined ? [] : [{ name, why }];
}

/** Missing is as good as empty here. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function digestsEqual(a: FileDigests, b: FileDigests): boolean {
  return Object.values(IDENTITY_FILES).every((name) => a[name] === b[name]);
}
