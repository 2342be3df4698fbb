import { describe, expect, test } from "vitest";
import { createChangingValue } from "./changing-value.ts";

function never(): AbortSignal {
  return new AbortController().signal;
}

describe("waiters of a changing value", () => {
  test("a value that is good already is not waited for", async () => {
    const value = createChangingValue(7);
    await expect(value.until((n) => n === 7, never())).resolves.toBe(7);
    expect(value.listening).toBe(0);
  });

  test("all are told of one change, in any number, and none is left", async () => {
    const value = createChangingValue(0);
    const waiters = Array.from({ length: 100 }, () => value.until((n) => n === 1, never()));
    expect(value.listening).toBe(100);
    value.publish(1);
    expect(await Promise.all(waiters)).toEqual(Array.from({ length: 100 }, () => 1));
    expect(value.listening).toBe(0);
  });

  test("one that is cancelled is gone, and the others go on waiting", async () => {
    const value = createChangingValue(0);
    const controller = new AbortController();
    const cancelled = value.until((n) => n === 1, controller.signal);
    const other = value.until((n) => n === 1, never());
    controller.abort(new Error("enough"));
    controller.abort(new Error("twice is harmless"));
    await expect(cancelled).rejects.toThrow("enough");
    expect(value.listening).toBe(1);
    value.publish(1);
    await expect(other).resolves.toBe(1);
  });

  test("one whose signal is over before it waits never waits", async () => {
    const value = createChangingValue(1);
    await expect(value.until(() => true, AbortSignal.abort(new Error("over")))).rejects.toThrow(
      "over",
    );
    expect(value.listening).toBe(0);
  });

  test("a change that is published by a listener is not lost, however deep", async () => {
    const value = createChangingValue(0);
    value.subscribe(() => {
      if (value.current < 5) value.publish(value.current + 1);
    });
    const waiter = value.until((n) => n === 5, never());
    value.publish(1);
    await expect(waiter).resolves.toBe(5);
  });

  test("changes that follow each other at once end at the last", async () => {
    const value = createChangingValue(0);
    const waiter = value.until((n) => n >= 1_000, never());
    for (let n = 1; n <= 1_000; n += 1) value.publish(n);
    await expect(waiter).resolves.toBe(1_000);
  });

  test("the same value again tells nobody, and nobody to tell is no error", () => {
    const value = createChangingValue(0);
    let told = 0;
    const stop = value.subscribe(() => {
      told += 1;
    });
    value.publish(0);
    expect(told).toBe(0);
    value.publish(1);
    stop();
    stop();
    value.publish(2);
    expect(told).toBe(1);
  });

  test("the same listener may listen twice, and a listener that stops another keeps it from being told", () => {
    const value = createChangingValue(0);
    const told: string[] = [];
    const listener = (): void => void told.push("twice");
    value.subscribe(listener);
    value.subscribe(listener);
    const stops: (() => void)[] = [];
    value.subscribe(() => stops[0]?.());
    stops.push(value.subscribe(() => void told.push("stopped before")));
    value.publish(1);
    expect(told).toEqual(["twice", "twice"]);
  });
});
