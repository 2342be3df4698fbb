// The files of a queue on a virtual disk: each append takes a millisecond, and what is cut short in the middle leaves
// half of it. The disk may be full.

import type { QueueFiles } from "@truechimer/agent";
import type { Clock } from "@truechimer/base";

export interface VirtualDisk {
  readonly contents: Map<string, Uint8Array>;
  isFull: boolean;
  /** What uses it until `isAlive` says no; from then on it waits for ever, as a process that is gone. */
  open(isAlive: () => boolean): QueueFiles;
}

export function createVirtualDisk(clock: Clock): VirtualDisk {
  const contents = new Map<string, Uint8Array>();
  const add = (name: string, bytes: Uint8Array): void => {
    contents.set(name, Buffer.concat([contents.get(name) ?? new Uint8Array(), bytes]));
  };
  const diskTime = (isAlive: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      clock.setTimer(0.5, () => {
        if (isAlive()) resolve();
      });
    });
  const disk: VirtualDisk = {
    contents,
    isFull: false,
    open: (isAlive) => ({
      list: () => Promise.resolve([...contents.keys()].toSorted()),
      read: (name) => Promise.resolve(contents.get(name) ?? new Uint8Array()),
      readAt: (name, offset, length) => {
        const bytes = (contents.get(name) ?? new Uint8Array()).subarray(offset, offset + length);
        return Promise.resolve(bytes.length === length ? bytes : undefined);
      },
      append: async (name, bytes) => {
        await diskTime(isAlive);
        const half = bytes.length >> 1;
        add(name, bytes.subarray(0, half));
        if (disk.isFull) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        await diskTime(isAlive);
        add(name, bytes.subarray(half));
      },
      truncate: (name, length) => {
        contents.set(name, (contents.get(name) ?? new Uint8Array()).slice(0, length));
        return Promise.resolve();
      },
      remove: (name) => {
        contents.delete(name);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    }),
  };
  return disk;
}
