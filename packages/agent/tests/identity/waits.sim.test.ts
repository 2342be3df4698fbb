// Who waits for an agent to become what it has to be, in virtual time.

import type { IpFamily } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { followIdentity } from "../../src/identity/identity-monitor-source.ts";
import { canProbe, isLive } from "../../src/identity/identity-snapshot.ts";
import { EMPTY_STATE, encodeStateFile } from "../../src/identity/state-file.ts";
import { DAY_NS, HOUR_NS, MINUTE_NS, pairOf } from "./_certificates.ts";
import { createMemoryFileSystem, type MemoryFileSystem } from "./_memory-file-system.ts";
import {
  configAnswer,
  createFakePlane,
  DIRECTORY,
  family,
  NAME,
  settled,
  simulateIdentity,
  unauthorized,
  unreachable,
  writtenByAnother,
} from "./_simulated-identity.ts";

const MINUTE_MS = 60_000;
/** A week of virtual time, on a host that is busy with other things. */
const CROWDED_MS = 180_000;
const KEY_STATE = { ...EMPTY_STATE, apiKey: "key" };

function never(): AbortSignal {
  return new AbortController().signal;
}

function isSettled(promise: Promise<unknown>): () => boolean {
  let over = false;
  promise.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  return () => over;
}

async function configuredFiles(
  state: object = KEY_STATE,
  life = { ageNs: HOUR_NS, remainingNs: 30n * DAY_NS },
): Promise<MemoryFileSystem> {
  const files = createMemoryFileSystem();
  const pair = await pairOf(life);
  files.put(`${DIRECTORY}/state.json`, encodeStateFile({ ...EMPTY_STATE, ...state }));
  files.put(`${DIRECTORY}/cert.pem`, pair.certificatePem);
  files.put(`${DIRECTORY}/key.pem`, pair.keyPem);
  return files;
}

describe("a family is live", () => {
  test.each([
    { status: "active", address: true, live: true, probes: true },
    { status: "testing", address: true, live: true, probes: true },
    { status: "paused", address: true, live: false, probes: false },
    { status: "pending", address: true, live: false, probes: false },
    { status: "deleted", address: true, live: false, probes: false },
    { status: "a later word", address: true, live: false, probes: false },
    { status: "", address: false, live: false, probes: false },
    { status: "active", address: false, live: true, probes: false },
  ])("$status, address: $address", async ({ status, address, live, probes }) => {
    await using simulated = await simulateIdentity();
    const state = address ? family("v4", status) : { status, address: undefined };
    const snapshot = { ...simulated.identity.current, v4: state };
    expect(isLive(snapshot, "v4")).toBe(live);
    expect(canProbe(snapshot, "v4")).toBe(probes);
    expect(isLive(snapshot, "v6")).toBe(false);
  });
});

describe("the API key", () => {
  test("that is set is there at once, in the file, and for all who wait", async () => {
    await using simulated = await simulateIdentity();
    const { identity, files } = simulated;
    const waiters = Array.from({ length: 100 }, () => identity.waitUntilApiKey(never()));
    await identity.setApiKey("key");
    const snapshots = await Promise.all(waiters);
    expect(new Set(snapshots.map(({ apiKey }) => apiKey))).toEqual(new Set(["key"]));
    expect(files.text(`${DIRECTORY}/state.json`)).toContain('"APIKey": "key"');
    expect(identity.listening).toBe(0);
    expect(simulated.clock.timersPending()).toBe(0);
  });

  test("is not announced again when it is the same, and not written again", async () => {
    await using simulated = await simulateIdentity();
    const { identity, files } = simulated;
    await identity.setApiKey("key");
    let told = 0;
    identity.subscribe(() => {
      told += 1;
    });
    const renames = (): number => files.taken.filter((step) => step === "rename").length;
    const before = renames();
    await identity.setApiKey("key");
    expect(told).toBe(0);
    expect(renames()).toBe(before);
  });

  test("is left alone by a level of the log, which is stored once, and there after a restart", async () => {
    const first = await simulateIdentity();
    await first.identity.setApiKey("key");
    await first.identity.setOtlpLogLevel("debug");
    const renames = (): number => first.files.taken.filter((step) => step === "rename").length;
    const before = renames();
    await first.identity.setOtlpLogLevel("debug");
    expect(renames()).toBe(before);
    await first[Symbol.asyncDispose]();
    await using second = await simulateIdentity({ files: first.files });
    expect(second.identity.current).toMatchObject({ apiKey: "key", otlpLogLevel: "debug" });
  });

  test("may be taken away, and given again", async () => {
    await using simulated = await simulateIdentity();
    const { identity } = simulated;
    await identity.setApiKey("key");
    await identity.setApiKey("");
    const waiting = isSettled(identity.waitUntilApiKey(never()).catch(() => {}));
    await settled();
    expect(waiting()).toBe(false);
    await identity.setApiKey("another");
    await settled();
    expect(waiting()).toBe(true);
  });

  test("survives a restart, and the control plane is asked once", async () => {
    const files = createMemoryFileSystem();
    await using first = await simulateIdentity({ files });
    await first.identity.setApiKey("key");
    await using second = await simulateIdentity({ files });
    expect(second.identity.current.apiKey).toBe("key");
    second.identity.start();
    await settled();
    expect(second.plane.asked.config).toBe(1);
  });

  test("set many times at once, read meanwhile: nothing breaks, and file and memory end alike", async () => {
    await using simulated = await simulateIdentity();
    const { identity, files } = simulated;
    const sets = Array.from({ length: 100 }, (_, index) => identity.setApiKey(`key ${index}`));
    for (let read = 0; read < 250; read += 1) expect(identity.current.apiKey).toBeTypeOf("string");
    await Promise.all(sets);
    expect(identity.current.apiKey).toBe("key 99");
    expect(files.text(`${DIRECTORY}/state.json`)).toContain('"key 99"');
  });

  test("is waited for with the control plane's pauses: 30 s at first, 5 min at last", async () => {
    await using simulated = await simulateIdentity();
    const { identity, clock, files } = simulated;
    const waiting = isSettled(identity.waitUntilApiKey(never()));
    await clock.advance(24 * 60 * MINUTE_MS);
    expect(waiting()).toBe(false);
    expect(clock.timersPending()).toBe(1);
    files.put(`${DIRECTORY}/state.json`, encodeStateFile(KEY_STATE));
    await clock.advance(5.6 * MINUTE_MS);
    await settled();
    expect(waiting()).toBe(true);
  });

  test("that another program stores ends the wait within a second", async () => {
    await using simulated = await simulateIdentity();
    const { identity, clock } = simulated;
    identity.start();
    await settled();
    const waiting = isSettled(identity.waitUntilApiKey(never()));
    writtenByAnother(simulated, `${DIRECTORY}/state.json`, encodeStateFile(KEY_STATE));
    await clock.advance(500);
    await settled();
    expect(waiting()).toBe(true);
  });

  test("that is refused keeps the wait alive, asked again after 10 min and then ever later up to 4 h", async () => {
    const files = createMemoryFileSystem();
    files.put(`${DIRECTORY}/state.json`, encodeStateFile(KEY_STATE));
    const plane = createFakePlane();
    plane.config = unauthorized;
    await using simulated = await simulateIdentity({ files, plane });
    const { identity, clock } = simulated;
    await identity.reload();
    const waiting = isSettled(identity.waitUntilApiKey(never()));
    await settled();
    await clock.advance(8.9 * MINUTE_MS);
    expect(plane.asked.config).toBe(1);
    await clock.advance(2.2 * MINUTE_MS);
    await settled();
    expect(plane.asked.config).toBe(2);
    await clock.advance(3 * 24 * 60 * MINUTE_MS);
    expect(waiting()).toBe(false);
    expect(plane.asked.config).toBeGreaterThan(20);
    expect(plane.asked.config).toBeLessThan(40);
    plane.config = () => configAnswer();
    await clock.advance(4.1 * 60 * MINUTE_MS);
    await settled();
    expect(waiting()).toBe(true);
  });
});

describe("a wait", () => {
  test("that is cancelled ends at once with the reason, alone, and leaves nothing", async () => {
    await using simulated = await simulateIdentity();
    const { identity, clock } = simulated;
    const parent = new AbortController();
    const cancelled = identity.waitUntilLive(AbortSignal.any([parent.signal]));
    const other = isSettled(identity.waitUntilLive(never()).catch(() => {}));
    await settled();
    parent.abort(new Error("enough"));
    await expect(cancelled).rejects.toThrow("enough");
    await settled();
    expect(other()).toBe(false);
    expect(identity.listening).toBe(1);
    expect(clock.timersPending()).toBe(1);
  });

  test("by a signal that is over never begins", async () => {
    await using simulated = await simulateIdentity();
    await expect(
      simulated.identity.waitUntilApiKey(AbortSignal.abort(new Error("over"))),
    ).rejects.toThrow("over");
    expect(simulated.identity.listening).toBe(0);
  });

  test("of a hundred kinds at once ends as it should, in any order", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles({}) });
    const { identity, plane } = simulated;
    plane.config = () => configAnswer({ v4: family("v4", "testing") });
    const controllers = Array.from({ length: 100 }, () => new AbortController());
    const waits = controllers.map(({ signal }, index) =>
      index % 2 === 0 ? identity.waitUntilLive(signal) : identity.waitUntilApiKey(signal),
    );
    for (const wait of waits) wait.catch(() => {});
    await settled();
    for (const [index, controller] of controllers.entries()) {
      if (index % 3 === 0) controller.abort(new Error("cancelled"));
    }
    identity.start();
    await identity.setApiKey("key");
    await settled();
    const ended = await Promise.allSettled(waits);
    expect(ended.filter(({ status }) => status === "rejected")).toHaveLength(34);
    expect(identity.listening).toBe(0);
  });
});

describe("waiting for certificates", () => {
  test("takes one in the last third of its life: it is good enough to work with", async () => {
    const files = await configuredFiles(KEY_STATE, { ageNs: 20n * HOUR_NS, remainingNs: HOUR_NS });
    const plane = createFakePlane();
    plane.config = unreachable;
    await using simulated = await simulateIdentity({ files, plane });
    const snapshot = await simulated.identity.waitUntilCertificatesLoaded(never());
    expect(snapshot.pair?.dnsNames).toEqual([NAME]);
  });

  test("does not take one that has ended, and asks after 4 s and then ever later up to 2 min", async () => {
    const files = await configuredFiles(KEY_STATE, {
      ageNs: 20n * HOUR_NS,
      remainingNs: -MINUTE_NS,
    });
    const plane = createFakePlane();
    plane.config = unreachable;
    await using simulated = await simulateIdentity({ files, plane });
    const { identity, clock } = simulated;
    const waiting = isSettled(identity.waitUntilCertificatesLoaded(never()));
    await clock.advance(3_500);
    expect(plane.asked.config).toBe(0);
    await clock.advance(1_000);
    await settled();
    expect(plane.asked.config).toBe(1);
    await clock.advance(60 * MINUTE_MS);
    expect(plane.asked.config).toBeGreaterThan(30);
    expect(plane.asked.config).toBeLessThan(50);
    expect(waiting()).toBe(false);
  });

  test("a refused key does not end it", async () => {
    const plane = createFakePlane();
    plane.config = unauthorized;
    const files = createMemoryFileSystem();
    files.put(`${DIRECTORY}/state.json`, encodeStateFile(KEY_STATE));
    await using simulated = await simulateIdentity({ files, plane });
    const waiting = isSettled(simulated.identity.waitUntilCertificatesLoaded(never()));
    await simulated.clock.advance(10 * MINUTE_MS);
    expect(plane.asked.config).toBeGreaterThan(3);
    expect(waiting()).toBe(false);
  });
});

describe("waiting until configured", () => {
  test("ends with key and certificate, and asks once for a token", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, plane } = simulated;
    await identity.waitUntilConfigured(never());
    expect(await identity.bearer(never())).toBe("jwt");
    expect(plane.asked.token).toBe(1);
  });

  test("does not wait for a token that is not to be had", async () => {
    const plane = createFakePlane();
    plane.token = unreachable;
    await using simulated = await simulateIdentity({ files: await configuredFiles(), plane });
    await simulated.identity.waitUntilConfigured(never());
    expect(await simulated.identity.bearer(never())).toBe("key");
  });
});

describe("waiting until live", () => {
  test("ends when the control plane says testing", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, plane } = simulated;
    plane.config = () => configAnswer({ v4: family("v4", "testing") });
    await identity.reload();
    const snapshot = await identity.waitUntilLive(never());
    expect(snapshot.v4.status).toBe("testing");
  });

  test("while pending it goes on, and its signal ends it with the reason", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, clock } = simulated;
    await identity.reload();
    const controller = new AbortController();
    const wait = identity.waitUntilLive(controller.signal);
    const waiting = isSettled(wait);
    await clock.advance(60 * MINUTE_MS);
    expect(waiting()).toBe(false);
    controller.abort(new Error("enough"));
    await expect(wait).rejects.toThrow("enough");
  });

  test("active without an address is not enough", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, plane, clock } = simulated;
    plane.config = () => configAnswer({ v4: { status: "active", address: undefined } });
    const waiting = isSettled(identity.waitUntilLive(never()));
    await clock.advance(60 * MINUTE_MS);
    expect(waiting()).toBe(false);
  });

  test("a start without the control plane uses what is stored, at once", async () => {
    const state = { ...KEY_STATE, tlsName: NAME, v6: family("v6", "active") };
    const plane = createFakePlane();
    plane.config = unreachable;
    plane.token = unreachable;
    await using simulated = await simulateIdentity({ files: await configuredFiles(state), plane });
    const { identity } = simulated;
    identity.start();
    const snapshot = await identity.waitUntilLive(never());
    expect(snapshot).toMatchObject({ tlsName: NAME, v6: { status: "active" } });
    await settled();
    expect(identity.current.v6.status).toBe("active");
  });

  test("refusals and broken networks in turn never end it, for a week", {
    timeout: CROWDED_MS,
  }, async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, clock, plane } = simulated;
    let turn = 0;
    plane.config = () => {
      turn += 1;
      return turn % 2 === 0 ? unauthorized() : unreachable();
    };
    identity.start();
    const waiting = isSettled(identity.waitUntilLive(never()));
    await clock.advance(7 * 24 * 60 * MINUTE_MS);
    expect(waiting()).toBe(false);
    plane.config = () => configAnswer({ v6: family("v6", "active") });
    await clock.advance(5 * 60 * MINUTE_MS);
    await settled();
    expect(waiting()).toBe(true);
    expect(identity.listening).toBe(0);
  });
});

describe("the monitors of a running agent", () => {
  test("follow status, address and family without a restart, and tell of a change alone", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, plane } = simulated;
    using followed = followIdentity(identity);
    const seen: string[] = [];
    followed.source.subscribe(() => {
      seen.push(
        followed.source.monitors.map(({ family: of, status }) => `${of} ${status}`).join(", "),
      );
    });
    const say = async (v4: string, v6: string): Promise<void> => {
      plane.config = () => configAnswer({ v4: family("v4", v4), v6: family("v6", v6) });
      await identity.reload();
    };
    await say("pending", "testing");
    await say("pending", "testing");
    await say("active", "testing");
    await say("paused", "a later word");
    plane.config = () =>
      configAnswer({ v4: { status: "", address: undefined }, v6: family("v6", "active") });
    await identity.reload();
    expect(seen).toEqual([
      "v4 pending, v6 testing",
      "v4 active, v6 testing",
      "v4 paused, v6 paused",
      "v6 active",
    ]);
    expect(followed.source.monitors[0]?.address.text).toBe("2001:db8::1");
  });

  test("are snapshots: what was handed out does not change", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, plane } = simulated;
    using followed = followIdentity(identity);
    await identity.reload();
    const before = followed.source.monitors;
    const copy = structuredClone(before);
    plane.config = () => configAnswer({ v4: family("v4", "active") });
    await identity.reload();
    expect(before).toEqual(copy);
    expect(followed.source.monitors).not.toBe(before);
  });

  test("are those of the wanted families alone", async () => {
    await using simulated = await simulateIdentity({ files: await configuredFiles() });
    const { identity, plane } = simulated;
    const wanted: IpFamily[] = ["v6"];
    using followed = followIdentity(identity, { families: wanted });
    plane.config = () => configAnswer({ v4: family("v4", "active"), v6: family("v6", "active") });
    await identity.reload();
    expect(followed.source.monitors.map(({ family: of }) => of)).toEqual(["v6"]);
  });

  test("credentials tell of a renewed certificate, and only of that", async () => {
    const files = await configuredFiles();
    await using simulated = await simulateIdentity({ files });
    const { identity, plane } = simulated;
    using followed = followIdentity(identity);
    const renewed: string[] = [];
    followed.credentials.subscribe(() =>
      renewed.push(followed.credentials.tls?.certificatePem ?? ""),
    );
    plane.config = () => configAnswer({ v4: family("v4", "active") });
    await identity.reload();
    expect(renewed).toEqual([]);
    const newer = await pairOf({ ageNs: MINUTE_NS, remainingNs: DAY_NS });
    files.put(`${DIRECTORY}/cert.pem`, newer.certificatePem);
    files.put(`${DIRECTORY}/key.pem`, newer.keyPem);
    await identity.reload();
    expect(renewed).toEqual([newer.certificatePem]);
    expect(identity.listening).toBe(1);
  });

  test("that nobody follows any more are not listened to", async () => {
    await using simulated = await simulateIdentity();
    const followed = followIdentity(simulated.identity);
    expect(simulated.identity.listening).toBe(1);
    followed[Symbol.dispose]();
    expect(simulated.identity.listening).toBe(0);
  });
});
