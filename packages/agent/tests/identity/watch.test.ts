// The watch over a real directory, and what a running agent makes of its news.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock, systemRandom } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { describe, expect, onTestFinished, test } from "vitest";
import { type AgentIdentity, createAgentIdentity } from "../../src/identity/agent-identity.ts";
import { EMPTY_STATE, encodeStateFile } from "../../src/identity/state-file.ts";
import { watchDirectory } from "../../src/identity/watch-directory.ts";
import { createFakePlane, type FakePlane } from "./_simulated-identity.ts";

const WITHIN = { timeout: 10_000, interval: 10 };

function useDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "truechimer-watch-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

interface Running {
  readonly identity: AgentIdentity;
  readonly plane: FakePlane;
  readonly directory: string;
}

async function useRunningAgent(): Promise<Running> {
  const stateDirectory = useDirectory();
  const directory = join(stateDirectory, "devel");
  mkdirSync(directory);
  writeFileSync(join(directory, "state.json"), stateFileWith("old"));
  const plane = createFakePlane();
  const identity = await createAgentIdentity({
    environment: "devel",
    stateDirectory,
    hosts: { serverUrl: "https://pool.example" },
    controlPlane: plane,
    userAgent: "ntppool-agent/v4.1.5/truechimer-0.1.0 (test)",
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    runAsProcess: process.pid,
  });
  onTestFinished(() => identity[Symbol.asyncDispose]());
  identity.start();
  // Stored, too: what another program writes without the lock would be written over.
  await expect
    .poll(() => readFileSync(join(directory, "state.json"), "utf8"), WITHIN)
    .toContain("Zürich");
  return { identity, plane, directory };
}

function stateFileWith(apiKey: string): string {
  return encodeStateFile({ ...EMPTY_STATE, apiKey });
}

function replace(directory: string, apiKey: string): void {
  writeFileSync(join(directory, "state.json.tmp"), stateFileWith(apiKey));
  renameSync(join(directory, "state.json.tmp"), join(directory, "state.json"));
}

describe("a file of a running agent", () => {
  test("that is replaced by another program is taken up", async () => {
    const { identity, plane, directory } = await useRunningAgent();
    const never = new AbortController().signal;
    const accept = ({ apiKey }: { readonly apiKey: string }): boolean => apiKey === "new";
    const waiters = Array.from({ length: 3 }, async () => {
      while (!accept(identity.current)) {
        await new Promise<void>((resolve) => {
          const stop = identity.subscribe(() => {
            stop();
            resolve();
          });
        });
      }
      return (await identity.waitUntilApiKey(never)).apiKey;
    });
    replace(directory, "new");
    expect(await Promise.all(waiters)).toEqual(["new", "new", "new"]);
    await expect.poll(() => plane.keys.at(-1), WITHIN).toBe("new");
  });

  test("that is written in place is taken up", async () => {
    const { identity, directory } = await useRunningAgent();
    writeFileSync(join(directory, "state.json"), stateFileWith("new"));
    await expect.poll(() => identity.current.apiKey, WITHIN).toBe("new");
  });

  test("that was removed with its directory is stored again, and the new directory is watched", async () => {
    const { identity, directory } = await useRunningAgent();
    rmSync(directory, { recursive: true });
    await expect.poll(() => existsSync(join(directory, "state.json")), WITHIN).toBe(true);
    expect(identity.current.apiKey).toBe("old");
    await expect
      .poll(() => readFileSync(join(directory, "state.json"), "utf8"), WITHIN)
      .toContain("Zürich");
    const second = createAgentIdentity({
      environment: "devel",
      stateDirectory: dirname(directory),
      hosts: { serverUrl: "https://pool.example" },
      controlPlane: createFakePlane(),
      userAgent: "ntppool-agent/v4.1.5/truechimer-0.1.0 (test)",
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      runAsProcess: 1,
    });
    await expect(second).rejects.toMatchObject({ code: "directory_in_use" });
  });
});

describe("the watch", () => {
  test("tells of a name that changed, and is current as long as its directory is there", async () => {
    const directory = useDirectory();
    const events: (string | undefined)[] = [];
    using watch = watchDirectory(directory, {
      onEvent: (name) => events.push(name),
      onError: () => {},
    });
    writeFileSync(join(directory, "Zürich 時計"), "x");
    await expect.poll(() => events, WITHIN).toContain("Zürich 時計");
    expect(await watch.isCurrent()).toBe(true);
  });

  test("ends when its directory is removed, or another takes its place", async () => {
    const base = useDirectory();
    const directory = join(base, "watched");
    mkdirSync(directory);
    const errors: unknown[] = [];
    using watch = watchDirectory(directory, {
      onEvent: () => {},
      onError: (error) => errors.push(error),
    });
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    expect(await watch.isCurrent()).toBe(false);
    await expect.poll(() => errors, WITHIN).toMatchObject([{ code: "not_found" }]);
  });

  test("over nothing cannot be had", () => {
    const nowhere = join(useDirectory(), "nowhere");
    expect(() => watchDirectory(nowhere, { onEvent: () => {}, onError: () => {} })).toThrow(
      "ENOENT",
    );
  });
});
