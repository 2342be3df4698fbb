// Time that stands still until a test moves it. Timers run in the order in which they fall due, those of the same
// instant in the order in which they were set, and after each of them promises get their turn, so that a program that
// waits on the clock goes on before the next timer runs. Nothing sleeps: a day passes in milliseconds.

import type { Clock, UnixNs } from "@truechimer/base";

export interface VirtualClock extends Clock {
  /** Moves on by `durationMs` and runs what falls due on the way, also timers that are set meanwhile. */
  advance(durationMs: number): Promise<void>;
  /** Moves on to the next timer and runs it; false when there is none. */
  advanceToNextTimer(): Promise<boolean>;
  /** Moves on timer by timer until `promise` is settled. Fails when no timer is left that could settle it. */
  advanceUntil<Value>(promise: Promise<Value>): Promise<Value>;
  /** Steps the wall clock; the monotonic clock and the timers run on. */
  step(byNs: bigint): void;
  /** Timers that are set and not cancelled: what is left at the end of a test is a leak. */
  timersPending(): number;
}

export interface VirtualClockOptions {
  /** The wall clock at the start. Default 2026-01-01 00:00 UTC. */
  readonly startNs?: UnixNs;
}

interface Timer {
  readonly dueNs: bigint;
  readonly sequence: number;
  readonly callback: () => void;
}

const NS_PER_MS = 1_000_000;
const START_NS_DEFAULT = 1_767_225_600_000_000_000n;

export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const timers = new Set<Timer>();
  let elapsedNs = 0n;
  let wallAtStartNs = options.startNs ?? START_NS_DEFAULT;
  let sequence = 0;

  const nextTimer = (): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (next === undefined || isBefore(timer, next)) next = timer;
    }
    return next;
  };

  const run = async (timer: Timer): Promise<void> => {
    timers.delete(timer);
    if (timer.dueNs > elapsedNs) elapsedNs = timer.dueNs;
    timer.callback();
    await promisesSettled();
  };

  const advanceToNextTimer = async (): Promise<boolean> => {
    await promisesSettled();
    const timer = nextTimer();
    if (timer === undefined) return false;
    await run(timer);
    return true;
  };

  return {
    nowNs: () => wallAtStartNs + elapsedNs,
    monotonicNs: () => elapsedNs,
    setTimer: (delayMs, callback) => {
      sequence += 1;
      const timer: Timer = {
        dueNs: elapsedNs + nsFromMs(Math.max(0, delayMs)),
        sequence,
        callback,
      };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance: async (durationMs) => {
      const untilNs = elapsedNs + nsFromMs(durationMs);
      await promisesSettled();
      for (
        let timer = nextTimer();
        timer !== undefined && timer.dueNs <= untilNs;
        timer = nextTimer()
      ) {
        await run(timer);
      }
      elapsedNs = untilNs;
    },
    advanceToNextTimer,
    advanceUntil: async (promise) => {
      const settled = promise.then(isTrue, isTrue);
      await promisesSettled();
      while (!(await Promise.race([settled, Promise.resolve(false)]))) {
        if (!(await advanceToNextTimer())) {
          throw new Error(
            "the promise waits for something that no timer of the virtual clock can bring",
          );
        }
      }
      return promise;
    },
    step: (byNs) => {
      wallAtStartNs += byNs;
    },
    timersPending: () => timers.size,
  };
}

/** A host's own clock over a shared time base: off by an offset, and drifting. Its timers run on the base. */
export interface HostClockOptions {
  readonly base: Clock;
  /** Host minus base at the moment of creation. */
  readonly offsetNs?: bigint;
  /** Nanoseconds gained a second; negative: lost. */
  readonly driftNsPerSecond?: bigint;
}

export interface HostClock extends Clock {
  /** Host minus base now: the truth that a measurement is held against. */
  offsetNs(): bigint;
  step(byNs: bigint): void;
}

export function createHostClock(options: HostClockOptions): HostClock {
  const { base, driftNsPerSecond = 0n } = options;
  const createdNs = base.monotonicNs();
  let fixedOffsetNs = options.offsetNs ?? 0n;
  const offsetNs = (): bigint =>
    fixedOffsetNs + ((base.monotonicNs() - createdNs) * driftNsPerSecond) / NS_PER_SECOND;
  return {
    nowNs: () => base.nowNs() + offsetNs(),
    monotonicNs: () => base.monotonicNs(),
    setTimer: (delayMs, callback) => base.setTimer(delayMs, callback),
    offsetNs,
    step: (byNs) => {
      fixedOffsetNs += byNs;
    },
  };
}

const NS_PER_SECOND = 1_000_000_000n;

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueNs < b.dueNs || (a.dueNs === b.dueNs && a.sequence < b.sequence);
}

/** To the nanosecond: a delay may have a fraction. */
function nsFromMs(durationMs: number): bigint {
  return BigInt(Math.round(durationMs * NS_PER_MS));
}

function isTrue(): boolean {
  return true;
}

/** One turn of the event loop: every promise that can go on without a timer has gone on. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
