// The files of one agent's identity: read as they are, replaced one at a time and whole, and by one process at a time.
//
// Two locks. `lock` is held by the agent that runs on the directory, as long as it runs. `write-lock` is held for one
// change, so that `setup` and `enroll` can store a key beside a running agent and neither undoes what the other wrote:
// every change is made to what is on the disk at that moment.

import { join } from "node:path";
import { AppError, type Clock, type Random, sleep } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { type CertificatePair, encodeCombinedPair, PEM_BYTES_MAX } from "./certificate-pair.ts";
import { type Enrolment, encodeEnrolmentFile } from "./enrolment-file.ts";
import { readFailure, writeFailure } from "./file-failure.ts";
import type { FileLock, FileSystem } from "./file-system.ts";
import { removeLeftOvers, replaceFile } from "./replace-file.ts";
import { type AgentState, encodeStateFile, parseStateFile } from "./state-file.ts";
import {
  type DamagedFile,
  IDENTITY_FILES,
  readStoredIdentity,
  STATE_BYTES_MAX,
  type StoredIdentity,
} from "./stored-identity.ts";

export interface StateStoreOptions {
  /** `<state directory>/<environment>`, absolute. */
  readonly directory: string;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface StateStore {
  readonly directory: string;
  /** Reads everything, changes nothing. */
  read(): Promise<StoredIdentity>;
  /** Keeps damaged files aside, completes a write that was cut short, and takes the rights of others away. */
  repair(): Promise<void>;
  /** Changes what is on the disk; `otherwise` stands for a file that is missing or damaged. Equal: nothing is written. */
  changeState(
    change: (stored: AgentState) => AgentState,
    otherwise: AgentState,
  ): Promise<AgentState>;
  /** Certificate and key as one: at every moment the old pair or the new one can be read. */
  storePair(pair: CertificatePair): Promise<void>;
  storeRoot(rootPem: string): Promise<void>;
  storeEnrolment(enrolment: Enrolment): Promise<void>;
  /** Any other small file of the agent's, replaced whole. */
  storeFile(name: string, content: string): Promise<void>;
  readFile(name: string): Promise<string | undefined>;
  removeFile(name: string): Promise<void>;
  /** For the agent that runs here. Fails with directory_in_use. */
  lockForRun(processId: number): Promise<RunLock>;
}

/** Keeps every other agent off the directory. */
export interface RunLock extends Disposable {
  /** Takes it anew where the directory was removed. Fails with directory_in_use when another agent was first. */
  keep(): Promise<void>;
}

const RUN_LOCK = "lock";
const WRITE_LOCK = "write-lock";
/** Beside the lock, because nobody can read a file that is locked. For people alone. */
const LOCK_HOLDER = "lock-holder";
/** A change takes milliseconds; whoever holds the lock longer hangs. */
const WRITE_LOCK_WAIT_MS = 5_000;
const WRITE_LOCK_RETRY_MS = 20;
/** Enough to see what happened; not so many that they fill the disk. */
const KEPT_ASIDE_MAX = 5;

export function createStateStore(options: StateStoreOptions): StateStore {
  const { directory, files } = options;
  const at = (name: string): string => join(directory, name);
  const exclusively = createWriteTurn(options);
  const replace = (name: string, content: string): Promise<void> =>
    replaceFile({ files, random: options.random, path: at(name), content });
  const writePair = async (pair: CertificatePair): Promise<void> => {
    await replace(IDENTITY_FILES.pair, encodeCombinedPair(pair));
    await replace(IDENTITY_FILES.key, pair.keyPem);
    await replace(IDENTITY_FILES.certificate, pair.certificatePem);
  };
  return {
    directory,
    read: () => readStoredIdentity(files, directory),
    repair: () => exclusively(() => repairFiles({ options, writePair })),
    changeState: (change, otherwise) =>
      exclusively(async () => {
        const stored = await storedState(files, at(IDENTITY_FILES.state));
        const next = change(stored?.state ?? otherwise);
        const text = encodeStateFile(next);
        if (stored?.text !== text) await replace(IDENTITY_FILES.state, text);
        return next;
      }),
    storePair: (pair) => exclusively(() => writePair(pair)),
    storeRoot: (rootPem) => exclusively(() => replace(IDENTITY_FILES.root, rootPem)),
    storeEnrolment: (enrolment) =>
      exclusively(() => replace(IDENTITY_FILES.enrolment, encodeEnrolmentFile(enrolment))),
    storeFile: (name, content) => exclusively(() => replace(name, content)),
    readFile: (name) => readSmallFile(files, at(name)),
    removeFile: (name) => exclusively(() => files.remove(at(name))),
    lockForRun: (processId) =>
      createRunLock(options, () =>
        exclusively(async () => {
          await removeLeftOvers(files, directory);
          await replace(LOCK_HOLDER, `${processId}\n`);
        }),
      ),
  };
}

async function createRunLock(
  options: StateStoreOptions,
  onTaken: () => Promise<void>,
): Promise<RunLock> {
  const { directory, logger } = options;
  let lock: FileLock | undefined = await takeRunLock(options, onTaken);
  return {
    keep: async () => {
      if (lock?.isCurrent() === true) return;
      lock?.[Symbol.dispose]();
      lock = undefined;
      lock = await takeRunLock(options, onTaken);
      logger.warn({ directory }, "the directory was removed or replaced: its lock was taken anew");
    },
    [Symbol.dispose]: () => lock?.[Symbol.dispose](),
  };
}

async function takeRunLock(
  options: StateStoreOptions,
  onTaken: () => Promise<void>,
): Promise<FileLock> {
  const { files, directory } = options;
  await prepareDirectory(options);
  const lock = lockOrFailure({ files, directory, name: RUN_LOCK });
  if (lock === undefined) throw await inUse(options);
  try {
    await onTaken();
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
  return lock;
}

/** One change after the other, within this process and between processes. */
function createWriteTurn(
  options: StateStoreOptions,
): <Value>(change: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  const withLock = async <Value>(change: () => Promise<Value>): Promise<Value> => {
    await prepareDirectory(options);
    using _lock = await takeWriteLock(options);
    try {
      return await change();
    } catch (error) {
      throw writeFailure(options.directory, error);
    }
  };
  return (change) => {
    const turn = last.then(() => withLock(change));
    last = turn.catch(() => {});
    return turn;
  };
}

async function prepareDirectory({ files, directory }: StateStoreOptions): Promise<void> {
  try {
    await files.createDirectory(directory);
  } catch (error) {
    throw writeFailure(directory, error);
  }
}

async function takeWriteLock({ files, directory, clock }: StateStoreOptions): Promise<Disposable> {
  for (let waitedMs = 0; waitedMs <= WRITE_LOCK_WAIT_MS; waitedMs += WRITE_LOCK_RETRY_MS) {
    const lock = lockOrFailure({ files, directory, name: WRITE_LOCK });
    if (lock !== undefined) return lock;
    await sleep(clock, WRITE_LOCK_RETRY_MS);
  }
  throw new AppError(
    "directory_in_use",
    `${directory} is being written by another process for more than ${WRITE_LOCK_WAIT_MS / 1_000} s: end that process, or try again`,
  );
}

interface LockOptions {
  readonly files: FileSystem;
  readonly directory: string;
  readonly name: string;
}

function lockOrFailure({ files, directory, name }: LockOptions): FileLock | undefined {
  try {
    return files.lock(join(directory, name));
  } catch (error) {
    throw writeFailure(directory, error);
  }
}

async function inUse({ files, directory }: StateStoreOptions): Promise<AppError> {
  const holder = await readSmallFile(files, join(directory, LOCK_HOLDER)).catch(() => undefined);
  const who = holder === undefined ? "another process" : `process ${holder.trim()}`;
  return new AppError(
    "directory_in_use",
    `an agent runs on ${directory} already (${who}): stop that first, or name another state directory`,
  );
}

async function readSmallFile(files: FileSystem, path: string): Promise<string | undefined> {
  const found = await files.read(path, PEM_BYTES_MAX).catch((error: unknown) => {
    throw readFailure(path, error);
  });
  return found.kind === "file" ? new TextDecoder().decode(found.bytes) : undefined;
}

interface StoredText {
  readonly text: string;
  readonly state: AgentState;
}

async function storedState(files: FileSystem, path: string): Promise<StoredText | undefined> {
  const found = await files.read(path, STATE_BYTES_MAX);
  if (found.kind !== "file") return;
  const text = new TextDecoder().decode(found.bytes);
  const parsed = parseStateFile(text);
  return parsed.ok ? { text, state: parsed.value.state } : undefined;
}

interface RepairOptions {
  readonly options: StateStoreOptions;
  readonly writePair: (pair: CertificatePair) => Promise<void>;
}

async function repairFiles({ options, writePair }: RepairOptions): Promise<void> {
  const { files, directory } = options;
  // Read with other writers kept out: what was damaged before may have been replaced meanwhile.
  const found = await readStoredIdentity(files, directory);
  for (const damaged of found.damaged) await keepAside(damaged, options);
  if (found.pairIncomplete && found.pair !== undefined) await writePair(found.pair);
  for (const name of Object.values(IDENTITY_FILES)) await files.restrict(join(directory, name));
}

async function keepAside({ name, why }: DamagedFile, options: StateStoreOptions): Promise<void> {
  const { files, directory, clock, logger } = options;
  const prefix = `${name}.damaged-`;
  const older = (await files.list(directory))
    .filter((entry) => entry.startsWith(prefix))
    .toSorted();
  for (const entry of older.slice(0, Math.max(0, older.length - KEPT_ASIDE_MAX + 1))) {
    await files.remove(join(directory, entry));
  }
  const kept = `${prefix}${clock.nowNs()}`;
  await files.rename(join(directory, name), join(directory, kept));
  await files.syncDirectory(directory);
  logger.error({ directory, file: name, kept, why }, "a damaged file was kept aside");
}
