// When an agent looks at its configuration again, in virtual time.

import { describe, expect, test } from "vitest";
import { EMPTY_STATE, encodeStateFile } from "../../src/identity/state-file.ts";
import { createMemoryFileSystem } from "./_memory-file-system.ts";
import {
  configAnswer,
  createFakePlane,
  DIRECTORY,
  family,
  settled,
  simulateIdentity,
  unauthorized,
  unreachable,
  writtenByAnother,
} from "./_simulated-identity.ts";

const STATE_FILE = `${DIRECTORY}/state.json`;
const MINUTE_MS = 60_000;

function stateFileWith(apiKey: string): string {
  return encodeStateFile({ ...EMPTY_STATE, apiKey });
}

function filesWith(apiKey: string): ReturnType<typeof createMemoryFileSystem> {
  const files = createMemoryFileSystem();
  files.put(STATE_FILE, stateFileWith(apiKey));
  return files;
}

describe("the timer", () => {
  test("asks at the start and every five minutes, within a tenth", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, clock, plane } = simulated;
    identity.start();
    await settled();
    expect(plane.asked.config).toBe(1);
    await clock.advance(4.4 * MINUTE_MS);
    expect(plane.asked.config).toBe(1);
    await clock.advance(1.2 * MINUTE_MS);
    await settled();
    expect(plane.asked.config).toBe(2);
    await clock.advance(60 * MINUTE_MS);
    expect(plane.asked.config).toBeGreaterThanOrEqual(12);
    expect(plane.asked.config).toBeLessThanOrEqual(16);
  });

  test("asks again two minutes after a failure, and five after it went well", async () => {
    const plane = createFakePlane();
    plane.config = unreachable;
    await using simulated = await simulateIdentity({ files: filesWith("key"), plane });
    const { identity, clock } = simulated;
    identity.start();
    await settled();
    await clock.advance(1.7 * MINUTE_MS);
    expect(plane.asked.config).toBe(1);
    await clock.advance(0.6 * MINUTE_MS);
    await settled();
    expect(plane.asked.config).toBe(2);
    plane.config = () => configAnswer();
    await clock.advance(2.3 * MINUTE_MS);
    await settled();
    expect(plane.asked.config).toBe(3);
    await clock.advance(4.4 * MINUTE_MS);
    expect(plane.asked.config).toBe(3);
  });

  test("an agent without a key looks at its files and calls nobody", async () => {
    await using simulated = await simulateIdentity();
    simulated.identity.start();
    await settled();
    await simulated.clock.advance(30 * MINUTE_MS);
    expect(simulated.plane.asked.config).toBe(0);
  });
});

describe("a changed file", () => {
  test("is taken up after half a second of quiet, with the key that is in it", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, clock, plane } = simulated;
    identity.start();
    await settled();
    writtenByAnother(simulated, STATE_FILE, stateFileWith("new"));
    await clock.advance(499);
    await settled();
    expect(identity.current.apiKey).toBe("old");
    await clock.advance(1);
    await settled();
    expect(identity.current.apiKey).toBe("new");
    expect(plane.keys).toEqual(["old", "new"]);
  });

  test("every further event starts the half second anew", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, clock } = simulated;
    identity.start();
    await settled();
    for (let change = 0; change < 10; change += 1) {
      writtenByAnother(simulated, STATE_FILE, stateFileWith(`new ${change}`));
      await clock.advance(450);
    }
    await settled();
    expect(identity.current.apiKey).toBe("old");
    await clock.advance(50);
    await settled();
    expect(identity.current.apiKey).toBe("new 9");
  });

  test("a thousand changes a second for a minute are one reload, with the last of them", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, clock, plane, files, watch } = simulated;
    identity.start();
    await settled();
    for (let change = 0; change < 60_000; change += 1) {
      files.put(STATE_FILE, stateFileWith(`new ${change}`));
      watch.event("state.json");
      if (change % 100 === 99) await clock.advance(100);
    }
    expect(plane.asked.config).toBe(1);
    await clock.advance(500);
    await settled();
    expect(identity.current.apiKey).toBe("new 59999");
    expect(plane.asked.config).toBe(2);
    expect(clock.timersPending()).toBe(1);
  });

  test.each([
    "other.json",
    "state.json.tmp",
    "state.json.0123456789abcdef.tmp",
    ".state.json",
    "devel",
    "lock",
  ])("an event under the name %s is nobody's concern", async (name) => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, clock, plane, files, watch } = simulated;
    identity.start();
    await settled();
    files.put(STATE_FILE, stateFileWith("new"));
    watch.event(name);
    await clock.advance(2_000);
    await settled();
    expect(plane.asked.config).toBe(1);
  });

  test("an event whose name the system does not tell may be ours", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    simulated.identity.start();
    await settled();
    simulated.files.put(STATE_FILE, stateFileWith("new"));
    simulated.watch.event(undefined);
    await simulated.clock.advance(500);
    await settled();
    expect(simulated.identity.current.apiKey).toBe("new");
  });

  test("what the agent writes itself costs no further call", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, clock, plane, files, watch } = simulated;
    identity.start();
    await settled();
    expect(files.text(STATE_FILE)).toContain("Zürich");
    watch.event("state.json");
    await clock.advance(1_000);
    await settled();
    expect(plane.asked.config).toBe(1);
  });
});

describe("the watch over the files", () => {
  test("breaks: the agent looks at once, and watches again", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, clock, plane, watch } = simulated;
    identity.start();
    await settled();
    simulated.files.put(STATE_FILE, stateFileWith("new"));
    watch.fail();
    await settled();
    expect(identity.current.apiKey).toBe("new");
    expect(plane.asked.config).toBe(2);
    expect(watch.open).toBe(0);
    await clock.advance(10_000);
    expect(watch.open).toBe(1);
    writtenByAnother(simulated, STATE_FILE, stateFileWith("newest"));
    await clock.advance(500);
    await settled();
    expect(identity.current.apiKey).toBe("newest");
  });

  test("cannot be had: the timer looks, until it can", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, clock, watch } = simulated;
    watch.refused = true;
    identity.start();
    await settled();
    writtenByAnother(simulated, STATE_FILE, stateFileWith("new"));
    await clock.advance(5.6 * MINUTE_MS);
    await settled();
    expect(identity.current.apiKey).toBe("new");
    watch.refused = false;
    await clock.advance(6 * MINUTE_MS);
    expect(watch.open).toBe(1);
    expect(clock.timersPending()).toBe(1);
  });

  test("breaks again and again: no more than one watch, one reload a break, and pauses in between", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, clock, plane, watch } = simulated;
    identity.start();
    await settled();
    for (let second = 0; second < 600; second += 1) {
      watch.fail();
      await clock.advance(1_000);
    }
    await settled();
    expect(watch.open).toBeLessThanOrEqual(1);
    expect(watch.opened).toBeLessThanOrEqual(61);
    expect(plane.asked.config).toBeLessThanOrEqual(70);
  });

  test("over a directory that was removed and made anew: watches the new one", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, clock, watch, files } = simulated;
    identity.start();
    await settled();
    files.removeDirectory(DIRECTORY);
    files.put(STATE_FILE, stateFileWith("new"));
    watch.replaced = true;
    await clock.advance(5.6 * MINUTE_MS);
    await settled();
    expect(watch.opened).toBe(2);
    expect(identity.current.apiKey).toBe("new");
  });

  test("over a directory that another agent took after its removal: touches nothing in it, and tells this agent to end", async () => {
    const files = filesWith("key");
    const lost: unknown[] = [];
    await using simulated = await simulateIdentity({
      files,
      runAsProcess: 1,
      onDirectoryLost: (error) => void lost.push(error),
    });
    const { identity, plane, watch } = simulated;
    identity.start();
    await settled();
    files.removeDirectory(DIRECTORY);
    using _other = files.lock(`${DIRECTORY}/lock`);
    const asked = plane.asked.config;
    watch.fail();
    await settled();
    expect(lost).toMatchObject([{ code: "directory_in_use" }]);
    expect(await files.list(DIRECTORY)).toEqual([]);
    expect(plane.asked.config).toBe(asked);
  });
});

describe("asking for a reload", () => {
  test("as SIGHUP does looks at once, and the timer begins anew", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, clock, plane } = simulated;
    identity.start();
    await settled();
    await clock.advance(4 * MINUTE_MS);
    await identity.reload();
    expect(plane.asked.config).toBe(2);
    await clock.advance(4.4 * MINUTE_MS);
    expect(plane.asked.config).toBe(2);
  });

  test("setting the key in the same process asks with it at once", async () => {
    await using simulated = await simulateIdentity();
    const { identity, plane } = simulated;
    identity.start();
    await settled();
    await identity.setApiKey("key");
    await settled();
    expect(plane.keys).toEqual(["key"]);
    expect(identity.current.name).toBe("Zürich");
  });

  test("any number during one reload are one more reload, begun after they asked", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, plane } = simulated;
    let answer = (): void => {};
    plane.config = () =>
      new Promise((resolve) => {
        answer = () => resolve(configAnswer());
      });
    identity.start();
    await settled();
    const asked = Array.from({ length: 50 }, () => identity.reload());
    await settled();
    expect(plane.asked.config).toBe(1);
    answer();
    await settled();
    expect(plane.asked.config).toBe(2);
    answer();
    await Promise.all(asked);
    expect(plane.asked.config).toBe(2);
  });

  test("an answer to a key that was exchanged meanwhile is dropped", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("old") });
    const { identity, plane } = simulated;
    const answers: (() => void)[] = [];
    plane.config = (apiKey) =>
      new Promise((resolve) => {
        answers.push(() => resolve(configAnswer({ name: `of ${apiKey}` })));
      });
    identity.start();
    await settled();
    await identity.setApiKey("new");
    answers[0]?.();
    await settled();
    expect(identity.current.name).toBe("");
    answers[1]?.();
    await settled();
    expect(identity.current).toMatchObject({ apiKey: "new", name: "of new" });
  });
});

describe("a stop", () => {
  test("ends at once what is under way, and leaves no timer, watch or listener", async () => {
    const plane = createFakePlane();
    plane.config = () => new Promise(() => {});
    const simulated = await simulateIdentity({ files: filesWith("key"), plane });
    const { identity, clock, watch } = simulated;
    identity.start();
    await settled();
    const waiting = identity.waitUntilLive(new AbortController().signal);
    waiting.catch(() => {});
    await identity[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: "stopped" });
    await settled();
    expect(clock.timersPending()).toBe(0);
    expect(watch.open).toBe(0);
    expect(identity.listening).toBe(0);
    await expect(identity.reload()).rejects.toMatchObject({ code: "stopped" });
  });

  test("three starts and stops on one directory leave nothing behind", async () => {
    const files = filesWith("key");
    for (let round = 0; round < 3; round += 1) {
      const simulated = await simulateIdentity({ files, runAsProcess: 1 });
      simulated.identity.start();
      simulated.identity.start();
      await settled();
      await simulated.clock.advance(7 * MINUTE_MS);
      await simulated.identity[Symbol.asyncDispose]();
      expect(simulated.clock.timersPending()).toBe(0);
      expect(simulated.watch.open).toBe(0);
      expect(simulated.identity.current.name).toBe("Zürich");
    }
  });
});

describe("what the control plane says", () => {
  test("counts when it cannot be stored, and is stored when it can", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, clock, plane, files } = simulated;
    plane.config = () => configAnswer({ v4: family("v4", "paused") });
    files.refuseWrites("ENOSPC");
    identity.start();
    await settled();
    expect(identity.current.v4.status).toBe("paused");
    expect(files.text(STATE_FILE)).toBe(stateFileWith("key"));
    await clock.advance(2.3 * MINUTE_MS);
    await settled();
    expect(identity.current.v4.status).toBe("paused");
    files.refuseWrites(undefined);
    await clock.advance(2.3 * MINUTE_MS);
    await settled();
    expect(files.text(STATE_FILE)).toContain("paused");
    expect(files.paths().filter((path) => path.endsWith(".tmp"))).toEqual([]);
  });

  test("the same again writes nothing", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, clock, files } = simulated;
    identity.start();
    await settled();
    const { steps } = files;
    await clock.advance(60 * MINUTE_MS);
    expect(files.steps).toBe(steps);
  });

  test("a refused key stays where it is, and works again when it is taken again", async () => {
    await using simulated = await simulateIdentity({ files: filesWith("key") });
    const { identity, clock, plane, files } = simulated;
    plane.config = unauthorized;
    identity.start();
    await settled();
    expect(identity.current).toMatchObject({ apiKey: "key", apiKeyRefused: true });
    plane.config = () => configAnswer();
    await clock.advance(2.3 * MINUTE_MS);
    await settled();
    expect(identity.current).toMatchObject({ apiKey: "key", apiKeyRefused: false, name: "Zürich" });
    expect(files.text(STATE_FILE)).toContain('"APIKey": "key"');
  });
});
