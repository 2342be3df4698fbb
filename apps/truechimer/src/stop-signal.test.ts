import { EventEmitter } from "node:events";
import type { Clock } from "@truechimer/base";
import { expect, test } from "vitest";
import { createStopSignal } from "./stop-signal.ts";

interface Fixture {
  readonly source: EventEmitter & { exit: (code?: number) => never; ppid: number };
  readonly exits: number[];
  readonly at: { ms: number };
  readonly signal: AbortSignal;
  /** Lets the next look at the parent happen. */
  readonly look: () => void;
  readonly timers: () => number;
}

function fixture(endsWithParent = false): Fixture {
  const exits: number[] = [];
  const at = { ms: 5_000 };
  const timers: (() => void)[] = [];
  const source = Object.assign(new EventEmitter(), {
    exit: (code?: number) => exits.push(code ?? 0) as never,
    ppid: 100,
  });
  const clock: Clock = {
    nowNs: () => 0n,
    monotonicNs: () => BigInt(at.ms) * 1_000_000n,
    setTimer: (_delayMs, callback) => {
      timers.push(callback);
      return () => void timers.splice(timers.indexOf(callback), 1);
    },
  };
  const signal = createStopSignal(source as never, { clock, endsWithParent });
  return { source, exits, at, signal, look: () => timers.shift()?.(), timers: () => timers.length };
}

test("the first signal asks for an orderly end", () => {
  const { source, exits, signal } = fixture();
  expect(signal.aborted).toBe(false);
  source.emit("SIGTERM");
  expect(signal.aborted).toBe(true);
  expect(exits).toEqual([]);
});

test("one Ctrl-C that arrives three times is one wish", () => {
  const { source, exits, at } = fixture();
  source.emit("SIGINT");
  at.ms += 400;
  source.emit("SIGINT");
  source.emit("SIGTERM");
  expect(exits).toEqual([]);
});

test("a second wish ends the program at once", () => {
  const { source, exits, at } = fixture();
  source.emit("SIGINT");
  at.ms += 1_001;
  source.emit("SIGINT");
  expect(exits).toEqual([130]);
});

test("under npm the end of the parent process is a wish to end", () => {
  const { source, signal, look } = fixture(true);
  look();
  expect(signal.aborted).toBe(false);
  source.ppid = 1;
  look();
  expect(signal.aborted).toBe(true);
});

test("after a signal nobody looks at the parent any more", () => {
  const { source, timers } = fixture(true);
  expect(timers()).toBe(1);
  source.emit("SIGTERM");
  expect(timers()).toBe(0);
});

test("started by a person, it outlives the parent process", () => {
  expect(fixture(false).timers()).toBe(0);
});
