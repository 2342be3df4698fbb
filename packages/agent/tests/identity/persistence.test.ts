// What lies in the state directory survives whatever happens to the process, the power and the disk.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, systemClock, systemRandom, unsafelyDeterministicRandom } from "@truechimer/base";
import { createLogger, type Logger, silentLogger } from "@truechimer/telemetry";
import { createVirtualClock } from "@truechimer/testing-sim";
import { describe, expect, onTestFinished, test } from "vitest";
import { type CertificatePair, encodeCombinedPair } from "../../src/identity/certificate-pair.ts";
import type { FileSystem } from "../../src/identity/file-system.ts";
import { nodeFileSystem } from "../../src/identity/node-file-system.ts";
import { replaceFile } from "../../src/identity/replace-file.ts";
import { EMPTY_STATE, encodeStateFile, parseStateFile } from "../../src/identity/state-file.ts";
import { createStateStore, type StateStore } from "../../src/identity/state-store.ts";
import { STATE_BYTES_MAX } from "../../src/identity/stored-identity.ts";
import { DAY_NS, HOUR_NS, MINUTE_NS, pairOf } from "./_certificates.ts";
import { useChild } from "./_child.ts";
import { createMemoryFileSystem, type MemoryFileSystem } from "./_memory-file-system.ts";
import { createFakePlane, DIRECTORY, simulateIdentity } from "./_simulated-identity.ts";

const WRITER = new URL("./_identity-writer.ts", import.meta.url);
const isRoot = process.getuid?.() === 0;

function storeOver(files: FileSystem, directory: string = DIRECTORY): StateStore {
  return createStateStore({
    directory,
    files,
    clock: createVirtualClock(),
    random: unsafelyDeterministicRandom(1),
    logger: silentLogger,
  });
}

function realStore(directory: string, logger: Logger = silentLogger): StateStore {
  return createStateStore({
    directory,
    files: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger,
  });
}

/** Processes that are started again and again, on a host that is busy with other things. */
const CROWDED_MS = 180_000;

function useDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "truechimer-identity-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const OLD_STATE = { ...EMPTY_STATE, apiKey: "old" };

interface Stored {
  readonly files: MemoryFileSystem;
  readonly oldPair: CertificatePair;
  readonly newPair: CertificatePair;
}

async function storedBefore(): Promise<Stored> {
  const files = createMemoryFileSystem();
  const oldPair = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
  const newPair = await pairOf({ ageNs: MINUTE_NS, remainingNs: DAY_NS });
  const store = storeOver(files);
  await store.storePair(oldPair);
  await store.changeState(() => OLD_STATE, OLD_STATE);
  return { files, oldPair, newPair };
}

async function writeNew(files: MemoryFileSystem, newPair: CertificatePair): Promise<void> {
  const store = storeOver(files);
  await store.storePair(newPair);
  await store.changeState((state) => ({ ...state, apiKey: "new" }), OLD_STATE);
}

describe("killed or without power at any step of a write", () => {
  test("the next start finds the old pair or the new one, the old state or the new one, and mends the rest", async () => {
    const { files: before, newPair } = await storedBefore();
    const whole = before.afterKill();
    await writeNew(whole, newPair);
    const steps = whole.steps;
    expect(steps).toBeGreaterThan(15);
    const seen = new Set<string>();
    for (let step = 0; step <= steps; step += 1) {
      const { files, oldPair } = await storedBefore();
      const start = files.steps;
      files.killAt(start + step);
      await failureOf(writeNew(files, newPair));
      const outcomes = [
        files.afterKill(),
        files.afterPowerLoss({ names: true }),
        files.afterPowerLoss({ names: false }),
      ];
      for (const after of outcomes) {
        const store = storeOver(after);
        const found = await store.read();
        const fingerprint = found.pair?.fingerprint;
        expect([oldPair.fingerprint, newPair.fingerprint]).toContain(fingerprint);
        expect(["old", "new"]).toContain(found.state?.apiKey);
        seen.add(`${fingerprint === newPair.fingerprint} ${found.state?.apiKey}`);
        await using identity = await simulateIdentity({ files: after, runAsProcess: 1 });
        expect(identity.identity.current.pair?.fingerprint).toBe(fingerprint);
        const mended = await store.read();
        expect(mended).toMatchObject({ pairIncomplete: false, damaged: [], problems: [] });
        expect(mended.pair?.fingerprint).toBe(fingerprint);
        expect(after.paths().filter((path) => path.endsWith(".tmp"))).toEqual([]);
      }
    }
    expect([...seen].toSorted()).toEqual(["false old", "true new", "true old"]);
  });

  test("without forcing content and names to the disk something would be lost: the test above can fail", async () => {
    const files = createMemoryFileSystem();
    const unforced: FileSystem = {
      ...files,
      createFile: async (path) => ({ ...(await files.createFile(path)), sync: async () => {} }),
    };
    await storeOver(unforced).changeState(() => OLD_STATE, OLD_STATE);
    const { state, damaged } = await storeOver(files.afterPowerLoss({ names: true })).read();
    expect(state).toBeUndefined();
    expect(damaged).toMatchObject([{ name: "state.json", why: "it is empty" }]);
  });

  test("a process that is killed again and again while it writes never leaves half of anything", {
    timeout: CROWDED_MS,
  }, async () => {
    const directory = join(useDirectory(), "devel");
    const pairs = [
      await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS }),
      await pairOf({ ageNs: MINUTE_NS, remainingNs: DAY_NS }),
    ];
    const paths = pairs.map((pair, index) => {
      const path = join(useDirectory(), `${index}.pem`);
      writeFileSync(path, encodeCombinedPair(pair));
      return path;
    });
    const rounds: number[] = [];
    for (let kill = 0; kill < 12; kill += 1) {
      const child = useChild(WRITER, ["write", directory, ...paths]);
      expect(await child.nextLine()).toBe("writing");
      for (let round = 0; round <= kill % 5; round += 1) await child.nextLine();
      child.process.kill("SIGKILL");
      await child.exited;
      const store = realStore(directory);
      const found = await store.read();
      expect(found.damaged).toEqual([]);
      expect(pairs.map(({ fingerprint }) => fingerprint)).toContain(found.pair?.fingerprint);
      expect(found.state?.apiKey).toMatch(/^round \d+$/);
      rounds.push(Number(found.state?.apiKey.slice("round ".length)));
      using _lock = await store.lockForRun(process.pid);
      await store.repair();
      expect(await store.read()).toMatchObject({ pairIncomplete: false, problems: [] });
      expect(readdirSync(directory).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    }
    expect(rounds).toHaveLength(12);
  });
});

describe("two processes", () => {
  test("do not run on one directory: the second is told who has it, until the first is killed", async () => {
    const directory = join(useDirectory(), "devel");
    const child = useChild(WRITER, ["hold", directory]);
    expect(await child.nextLine()).toBe("held");
    const store = realStore(directory);
    expect(await failureOf(store.lockForRun(process.pid))).toMatchObject({
      code: "directory_in_use",
      message: expect.stringContaining(`process ${child.process.pid}`),
    });
    child.process.kill("SIGKILL");
    await child.exited;
    using lock = await store.lockForRun(process.pid);
    expect(lock).toBeDefined();
  });

  test("keep each other out also when the directory is removed meanwhile: the lock is taken anew, or who has it is told", {
    timeout: CROWDED_MS,
  }, async () => {
    const directory = join(useDirectory(), "devel");
    using lock = await realStore(directory).lockForRun(process.pid);
    await lock.keep();
    rmSync(directory, { recursive: true });
    await lock.keep();
    expect(await failureOf(realStore(directory).lockForRun(1))).toMatchObject({
      code: "directory_in_use",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    rmSync(directory, { recursive: true });
    const child = useChild(WRITER, ["hold", directory]);
    expect(await child.nextLine()).toBe("held");
    expect(await failureOf(lock.keep())).toMatchObject({
      code: "directory_in_use",
      message: expect.stringContaining(`process ${child.process.pid}`),
    });
    child.process.kill("SIGKILL");
    await child.exited;
    await lock.keep();
    expect(await failureOf(realStore(directory).lockForRun(1))).toMatchObject({
      code: "directory_in_use",
    });
  });

  test("of which one only stores a key do not keep each other out", async () => {
    const directory = join(useDirectory(), "devel");
    const child = useChild(WRITER, ["hold", directory]);
    expect(await child.nextLine()).toBe("held");
    const written = await realStore(directory).changeState(
      (state) => ({ ...state, apiKey: "k" }),
      EMPTY_STATE,
    );
    expect(written.apiKey).toBe("k");
  });

  test("that change the same file at the same time lose none of their changes", {
    timeout: CROWDED_MS,
  }, async () => {
    const directory = join(useDirectory(), "devel");
    const children = Array.from({ length: 4 }, () => useChild(WRITER, ["add", directory]));
    await Promise.all(children.map(({ exited }) => exited));
    expect((await realStore(directory).read()).state?.name).toBe("x".repeat(80));
  });
});

describe("one process that changes the same file many times at once", () => {
  test("loses none of its changes, and readers see only whole files", async () => {
    const directory = join(useDirectory(), "devel");
    const store = realStore(directory);
    await store.changeState(() => OLD_STATE, OLD_STATE);
    const reading = { over: false };
    const readers = Array.from({ length: 3 }, async () => {
      while (!reading.over) {
        const { state, damaged } = await store.read();
        expect(damaged).toEqual([]);
        expect(state?.apiKey).toBe("old");
      }
    });
    const writers = Array.from({ length: 50 }, () =>
      store.changeState((state) => ({ ...state, name: `${state.name}x` }), OLD_STATE),
    );
    await Promise.all(writers);
    reading.over = true;
    await Promise.all(readers);
    expect((await store.read()).state?.name).toBe("x".repeat(50));
  });
});

describe("the rights of the files", () => {
  test("are the owner's alone, whatever they were and whatever the umask is", async () => {
    const base = useDirectory();
    const directory = join(base, "devel");
    mkdirSync(directory, { mode: 0o755 });
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, "state.json"), encodeStateFile(OLD_STATE), { mode: 0o644 });
    const store = realStore(directory);
    const umask = process.umask(0);
    try {
      await store.repair();
      await store.storePair(await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS }));
      await store.storeRoot("root");
      await store.storeEnrolment({ serverUrl: "https://pool.example", agentUrl: undefined });
    } finally {
      process.umask(umask);
    }
    const rights = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(rights(directory)).toBe("700");
    for (const name of [
      "state.json",
      "identity.pem",
      "cert.pem",
      "key.pem",
      "root.pem",
      "enrolment.json",
    ]) {
      expect(`${name} ${rights(join(directory, name))}`).toBe(`${name} 600`);
    }
  });

  test("of a directory that is made are 0700 even below one that is open to others", async () => {
    const base = useDirectory();
    chmodSync(base, 0o755);
    await realStore(join(base, "state", "prod")).changeState(() => OLD_STATE, OLD_STATE);
    expect(statSync(join(base, "state", "prod")).mode & 0o777).toBe(0o700);
  });

  test.skipIf(isRoot)("that keep this user out are told with the remedy", async () => {
    const directory = join(useDirectory(), "devel");
    const store = realStore(directory);
    await store.changeState(() => OLD_STATE, OLD_STATE);
    chmodSync(join(directory, "state.json"), 0o000);
    expect(await failureOf(store.read())).toMatchObject({ code: "config_unreadable" });
  });

  test.each([
    { refused: "EACCES", code: "directory_unwritable" },
    { refused: "EROFS", code: "directory_unwritable" },
    { refused: "ENOSPC", code: "disk_full" },
    { refused: "EDQUOT", code: "disk_full" },
  ])(
    "a write that the system refuses with $refused is $code, and what was stored is as it was",
    async ({ refused, code }) => {
      const { files, oldPair, newPair } = await storedBefore();
      files.refuseWrites(refused);
      const error = await failureOf(writeNew(files, newPair));
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code, message: expect.stringContaining(DIRECTORY) });
      const found = await storeOver(files.afterKill()).read();
      expect(found).toMatchObject({ state: { apiKey: "old" }, pairIncomplete: false });
      expect(found.pair?.fingerprint).toBe(oldPair.fingerprint);
      expect(files.paths().filter((path) => path.endsWith(".tmp"))).toEqual([]);
    },
  );

  test("a read that the system refuses stops a start, and leaves a running agent as it is", async () => {
    const { files } = await storedBefore();
    files.refuseReads("EACCES");
    expect(await failureOf(simulateIdentity({ files }))).toMatchObject({
      code: "config_unreadable",
    });
    files.refuseReads(undefined);
    await using simulated = await simulateIdentity({ files });
    files.refuseReads("EACCES");
    expect((await simulated.identity.reload()).failure).toMatchObject({
      code: "config_unreadable",
    });
    expect(simulated.identity.current.apiKey).toBe("old");
    expect(simulated.plane.asked.config).toBe(1);
  });
});

describe("a full disk", () => {
  const available = isRoot && process.platform === "linux" && canMount();
  if (!available)
    skipLoudly("SKIPPED: a full disk needs root on Linux, and leave to mount a tmpfs");

  test.skipIf(!available)(
    "loses nothing that was stored, and takes the next write when there is room",
    async () => {
      const mount = useDirectory();
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", mount]);
      onTestFinished(() => void execFileSync("umount", ["-l", mount]));
      const directory = join(mount, "devel");
      const store = realStore(directory);
      const oldPair = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
      await store.storePair(oldPair);
      await store.changeState(() => OLD_STATE, OLD_STATE);
      fill(join(mount, "filler"));
      const newPair = await pairOf({ ageNs: MINUTE_NS, remainingNs: DAY_NS });
      expect(await failureOf(store.storePair(newPair))).toMatchObject({ code: "disk_full" });
      expect(
        await failureOf(store.changeState((state) => ({ ...state, apiKey: "new" }), OLD_STATE)),
      ).toMatchObject({
        code: "disk_full",
      });
      const found = await store.read();
      expect(found).toMatchObject({ state: { apiKey: "old" }, damaged: [] });
      expect(found.pair?.fingerprint).toBe(oldPair.fingerprint);
      rmSync(join(mount, "filler"));
      await store.storePair(newPair);
      expect((await store.read()).pair?.fingerprint).toBe(newPair.fingerprint);
      expect(readdirSync(directory).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    },
  );
});

describe("a damaged file", () => {
  interface Line {
    readonly message: string;
    readonly file?: string;
    readonly why?: string;
  }

  function recordingLogger(): { readonly logger: Logger; readonly lines: () => readonly Line[] } {
    const texts: string[] = [];
    const logger = createLogger({ format: "json", output: { write: (text) => texts.push(text) } });
    return { logger, lines: () => texts.map((text) => JSON.parse(text) as Line) };
  }

  test.each([
    { name: "empty", text: "", why: "it is empty" },
    { name: "cut short", text: '{"API":{"APIKey":"tcm_se', why: "it is not complete JSON" },
    { name: "not JSON", text: "invalid json {", why: "it is not complete JSON" },
    { name: "no object", text: "[]", why: "it is no JSON object" },
  ])(
    "that is $name is kept aside and told, and the agent goes on with what it has",
    async ({ text, why }) => {
      const { files, oldPair } = await storedBefore();
      files.put(`${DIRECTORY}/state.json`, text);
      const { logger, lines } = recordingLogger();
      await using simulated = await simulateIdentity({ files, logger });
      expect(simulated.identity.current).toMatchObject({ apiKey: "" });
      expect(simulated.identity.current.pair?.fingerprint).toBe(oldPair.fingerprint);
      const kept = files.paths().find((path) => path.includes("state.json.damaged-"));
      expect(files.text(kept ?? "")).toBe(text);
      expect(
        lines().filter(({ message }) => message === "a damaged file was kept aside"),
      ).toMatchObject([{ file: "state.json", why }]);
      expect(JSON.stringify(lines())).not.toContain("tcm_se");
    },
  );

  test("under a running agent is kept aside, and what it held is stored again", async () => {
    const { files } = await storedBefore();
    await using simulated = await simulateIdentity({ files });
    files.put(`${DIRECTORY}/state.json`, "x");
    await simulated.identity.reload();
    expect(simulated.identity.current.apiKey).toBe("old");
    expect(files.text(`${DIRECTORY}/state.json`)).toContain('"APIKey": "old"');
    expect(files.paths().some((path) => path.includes("state.json.damaged-"))).toBe(true);
  });

  test("of 100 MB is refused by its limit without being read, and kept aside", async () => {
    const directory = join(useDirectory(), "devel");
    const store = realStore(directory);
    await store.changeState(() => OLD_STATE, OLD_STATE);
    truncateSync(join(directory, "state.json"), 100_000_000);
    const found = await store.read();
    expect(found.state).toBeUndefined();
    expect(found.damaged).toEqual([
      {
        name: "state.json",
        why: `it has 100000000 bytes, more than the ${STATE_BYTES_MAX} that such a file may have`,
      },
    ]);
    await store.repair();
    expect(readdirSync(directory).some((name) => name.startsWith("state.json.damaged-"))).toBe(
      true,
    );
    expect((await store.read()).damaged).toEqual([]);
  });

  test("kept aside again and again does not fill the disk", async () => {
    const files = createMemoryFileSystem();
    const clock = createVirtualClock();
    for (let round = 0; round < 20; round += 1) {
      files.put(`${DIRECTORY}/state.json`, `damage ${round}`);
      await using simulated = await simulateIdentity({ files, clock });
      expect(simulated.identity.current.apiKey).toBe("");
      await clock.advance(1_000);
    }
    const kept = files.paths().filter((path) => path.includes(".damaged-"));
    expect(kept).toHaveLength(5);
    expect(kept.map((path) => files.text(path))).toContain("damage 19");
  });

  test.each([
    { name: "the pair file", file: "identity.pem" },
    { name: "the certificate", file: "cert.pem" },
    { name: "the key", file: "key.pem" },
  ])("of the three that hold the pair: $name alone costs nothing", async ({ file }) => {
    const { files, oldPair } = await storedBefore();
    files.put(`${DIRECTORY}/${file}`, "damaged");
    await using simulated = await simulateIdentity({ files });
    expect(simulated.identity.current.pair?.fingerprint).toBe(oldPair.fingerprint);
    expect(files.text(`${DIRECTORY}/identity.pem`)).toBe(encodeCombinedPair(oldPair));
    expect(files.text(`${DIRECTORY}/cert.pem`)).toBe(oldPair.certificatePem);
    expect(files.text(`${DIRECTORY}/key.pem`)).toBe(oldPair.keyPem);
  });

  test("a key that belongs to another certificate is never used", async () => {
    const files = createMemoryFileSystem();
    const one = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
    const other = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
    files.put(`${DIRECTORY}/cert.pem`, one.certificatePem);
    files.put(`${DIRECTORY}/key.pem`, other.keyPem);
    const { logger, lines } = recordingLogger();
    await using simulated = await simulateIdentity({ files, logger });
    expect(simulated.identity.current.pair).toBeUndefined();
    expect(JSON.stringify(lines())).toContain("does not belong to the certificate");
  });
});

describe("names in the file system", () => {
  test("may have any letters", async () => {
    const directory = join(useDirectory(), "Zürich 時計 🕰️", "devel");
    const store = realStore(directory);
    await store.changeState((state) => ({ ...state, name: "Zürich 時計" }), OLD_STATE);
    expect((await store.read()).state?.name).toBe("Zürich 時計");
    using _lock = await store.lockForRun(process.pid);
  });

  test("a state directory that is a symbolic link is followed", async () => {
    const base = useDirectory();
    mkdirSync(join(base, "real"));
    symlinkSync(join(base, "real"), join(base, "link"));
    await realStore(join(base, "link")).changeState(() => OLD_STATE, OLD_STATE);
    expect(readFileSync(join(base, "real", "state.json"), "utf8")).toContain("old");
  });

  test("a state.json that is a symbolic link is read, and replaced by a file; what it pointed to stays", async () => {
    const base = useDirectory();
    const target = join(base, "target.json");
    writeFileSync(target, encodeStateFile(OLD_STATE));
    mkdirSync(join(base, "devel"));
    symlinkSync(target, join(base, "devel", "state.json"));
    const store = realStore(join(base, "devel"));
    expect((await store.read()).state?.apiKey).toBe("old");
    await store.changeState((state) => ({ ...state, apiKey: "new" }), EMPTY_STATE);
    expect(readFileSync(target, "utf8")).toContain("old");
    expect((await store.read()).state?.apiKey).toBe("new");
  });

  test("a link under the name of a temporary file is not written through", async () => {
    const base = useDirectory();
    const target = join(base, "elsewhere");
    writeFileSync(target, "precious");
    const random = unsafelyDeterministicRandom(1);
    const suffix = unsafelyDeterministicRandom(1).bytes(8).toHex();
    symlinkSync(target, join(base, `state.json.${suffix}.tmp`));
    const path = join(base, "state.json");
    const options = { files: nodeFileSystem, random, path, content: "secret" };
    expect(await failureOf(replaceFile(options))).toMatchObject({ code: "EEXIST" });
    expect(readFileSync(target, "utf8")).toBe("precious");
  });

  test("a link that leads nowhere is a missing file, a pipe and a directory are none", async () => {
    const directory = useDirectory();
    symlinkSync(join(directory, "nowhere"), join(directory, "state.json"));
    mkdirSync(join(directory, "root.pem"));
    execFileSync("mkfifo", [join(directory, "enrolment.json")]);
    const found = await realStore(directory).read();
    expect(found.state).toBeUndefined();
    expect(found.damaged).toEqual([
      { name: "root.pem", why: "it is no file" },
      { name: "enrolment.json", why: "it is no file" },
    ]);
  });

  test("each environment has files of its own", async () => {
    const base = useDirectory();
    for (const environment of ["devel", "test", "prod"]) {
      const state = { ...EMPTY_STATE, apiKey: environment };
      await realStore(join(base, environment)).changeState(() => state, state);
    }
    for (const environment of ["devel", "test", "prod"]) {
      const parsed = parseStateFile(readFileSync(join(base, environment, "state.json"), "utf8"));
      expect(parsed).toMatchObject({ ok: true, value: { state: { apiKey: environment } } });
    }
  });
});

describe("replacing a file", () => {
  test.each([
    { name: "a new one", before: undefined, content: "new" },
    { name: "an existing one", before: "old", content: "new" },
    { name: "by an empty one", before: "old", content: "" },
    { name: "by 10 KiB", before: "old", content: "x".repeat(10_240) },
  ])("$name gives that content, no leftover and mode 0600", async ({ before, content }) => {
    const directory = useDirectory();
    const path = join(directory, "file");
    if (before !== undefined) writeFileSync(path, before, { mode: 0o644 });
    await replaceFile({ files: nodeFileSystem, random: systemRandom, path, content });
    expect(readFileSync(path, "utf8")).toBe(content);
    expect(readdirSync(directory)).toEqual(["file"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("where no file can be fails, and says so", async () => {
    const store = realStore("/dev/null/devel");
    expect(await failureOf(store.changeState(() => OLD_STATE, OLD_STATE))).toMatchObject({
      code: "directory_unwritable",
    });
  });

  test("by the same content writes nothing", async () => {
    const { files } = await storedBefore();
    const renames = (): number => files.taken.filter((step) => step === "rename").length;
    const before = renames();
    await storeOver(files).changeState((state) => ({ ...state }), EMPTY_STATE);
    expect(renames()).toBe(before);
  });
});

describe("files in a runtime directory of an older unit", () => {
  const RUNTIME = "/run/ntppool-agent";
  const OLD = '{"API":{"APIKey":"moved"},"Data":{"Name":"Zürich","New":1}}';

  async function migrated(
    prepare: (files: MemoryFileSystem) => Promise<void> | void,
  ): Promise<MemoryFileSystem> {
    const files = createMemoryFileSystem();
    await prepare(files);
    await using simulated = await simulateIdentity({
      files,
      runtimeDirectory: RUNTIME,
      plane: createFakePlane(),
    });
    expect(simulated.identity.store.directory).toBe(DIRECTORY);
    return files;
  }

  test("are taken over to the letter, and stay where they were", async () => {
    const pair = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
    const files = await migrated((fresh) => {
      fresh.put(`${RUNTIME}/devel/state.json`, OLD);
      fresh.put(`${RUNTIME}/devel/cert.pem`, pair.certificatePem);
      fresh.put(`${RUNTIME}/devel/key.pem`, pair.keyPem);
    });
    expect(files.text(`${DIRECTORY}/state.json`)).toBe(OLD);
    expect(files.text(`${DIRECTORY}/cert.pem`)).toBe(pair.certificatePem);
    expect(files.text(`${DIRECTORY}/key.pem`)).toBe(pair.keyPem);
    expect(files.text(`${RUNTIME}/devel/state.json`)).toBe(OLD);
  });

  test("do not replace a state.json that is there", async () => {
    const files = await migrated((fresh) => {
      fresh.put(`${RUNTIME}/devel/state.json`, OLD);
      fresh.put(`${DIRECTORY}/state.json`, encodeStateFile(OLD_STATE));
    });
    expect(files.text(`${DIRECTORY}/state.json`)).toContain("old");
  });

  test.each([
    { name: "none there", file: undefined, text: "" },
    { name: "damaged", file: "state.json", text: "{" },
    { name: "without a state.json", file: "cert.pem", text: "x" },
  ])("that are $name are no error, and nothing is taken over", async ({ file, text }) => {
    const files = await migrated((fresh) => {
      if (file !== undefined) fresh.put(`${RUNTIME}/devel/${file}`, text);
    });
    expect(files.text(`${DIRECTORY}/state.json`)).toBeUndefined();
  });

  test("with half a pair: the state is taken over, the half is not", async () => {
    const pair = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
    const files = await migrated((fresh) => {
      fresh.put(`${RUNTIME}/devel/state.json`, OLD);
      fresh.put(`${RUNTIME}/devel/cert.pem`, pair.certificatePem);
    });
    expect(files.text(`${DIRECTORY}/state.json`)).toBe(OLD);
    expect(files.text(`${DIRECTORY}/cert.pem`)).toBeUndefined();
  });
});

function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), "truechimer-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** So that a skipped test is seen; where everything is to run, none is skipped. */
function skipLoudly(text: string): void {
  if (process.env["CI"] === "true") throw new Error(text);
  process.stderr.write(`${text}\n`);
}

function fill(path: string): void {
  try {
    writeFileSync(path, new Uint8Array(1_024 * 1_024));
  } catch {
    // It is full: that is what was wanted.
  }
}
