// What a process uses, as the kernel counts it: resident memory and processor time, from outside.

import { readFileSync, writeFileSync } from "node:fs";

export interface ProcessUsage {
  /** Resident memory, shared pages of its program file included. */
  readonly residentBytes: number;
  /** Of it, what belongs to it alone. */
  readonly anonymousBytes: number;
  /** The most that was resident since its start, or since it was forgotten. */
  readonly peakBytes: number;
  /** User and system time since its start. */
  readonly cpuMs: number;
}

/** The kernel's unit of processor time in /proc, on every Linux that Node runs on. */
const CLOCK_TICKS_PER_SECOND = 100;
const BYTES_PER_KIB = 1_024;

export function processUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  // The program's name comes second, in brackets, and may hold anything.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    residentBytes: kib("VmRSS") * BYTES_PER_KIB,
    peakBytes: kib("VmHWM") * BYTES_PER_KIB,
    anonymousBytes: kib("RssAnon") * BYTES_PER_KIB,
    cpuMs: (ticks * 1_000) / CLOCK_TICKS_PER_SECOND,
  };
}

/** From now on `peakBytes` is of what comes. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, FORGET_PEAK);
}

/** proc(5), clear_refs. */
const FORGET_PEAK = "5";
