import { describe, expect, it } from "vitest";
import { whenAborted } from "./when-aborted.ts";

/** Counts the listeners that a signal has. */
function countedSignal(controller: AbortController): { readonly listeners: () => number } {
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...parameters: Parameters<typeof add>) => {
    listeners += 1;
    add(...parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...parameters);
  };
  return { listeners: () => listeners };
}

describe("whenAborted", () => {
  it("calls everybody once, in the order of their coming", () => {
    const controller = new AbortController();
    const called: string[] = [];
    whenAborted(controller.signal, () => called.push("one"));
    whenAborted(controller.signal, () => called.push("other"));
    controller.abort();
    controller.abort();
    expect(called).toEqual(["one", "other"]);
  });

  it("does not call who has taken it back, nor whom another takes back meanwhile", () => {
    const controller = new AbortController();
    const called: string[] = [];
    const stop = whenAborted(controller.signal, () => called.push("one"));
    whenAborted(controller.signal, () => {
      called.push("two");
      stopThree();
    });
    const stopThree = whenAborted(controller.signal, () => called.push("three"));
    stop();
    stop();
    controller.abort();
    expect(called).toEqual(["two"]);
  });

  it("calls a callback that waits twice twice, and once when one is taken back", () => {
    const controller = new AbortController();
    let calls = 0;
    const callback = (): void => void (calls += 1);
    whenAborted(controller.signal, callback);
    const stop = whenAborted(controller.signal, callback);
    whenAborted(controller.signal, callback);
    stop();
    controller.abort();
    expect(calls).toBe(2);
  });

  it("has one listener for thousands, and none when nobody waits", () => {
    const controller = new AbortController();
    const { listeners } = countedSignal(controller);
    const stops = Array.from({ length: 5_000 }, () => whenAborted(controller.signal, () => {}));
    expect(listeners()).toBe(1);
    for (const stop of stops) stop();
    expect(listeners()).toBe(0);
    let calls = 0;
    whenAborted(controller.signal, () => void (calls += 1));
    controller.abort();
    expect(calls).toBe(1);
  });

  it("does not call for what was aborted before", () => {
    let calls = 0;
    whenAborted(AbortSignal.abort(), () => void (calls += 1))();
    expect(calls).toBe(0);
  });
});
