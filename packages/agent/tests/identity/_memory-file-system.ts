// A file system in memory that tells apart what a program sees and what would survive a loss of power: content is lost
// until it was forced to the disk, and so are names until their directory was. Every step can be made to fail, alone
// (a full disk) or with all that follow (the process is killed).

import { dirname } from "node:path";
import type { FileSystem } from "../../src/identity/file-system.ts";

export interface MemoryFileSystem extends FileSystem {
  /** Steps so far that could have failed. */
  readonly steps: number;
  /** Names of the steps, in order. */
  readonly taken: readonly string[];
  /** The step of this number (from 0) fails, and every one after it: the process is gone. */
  killAt(step: number): void;
  /** Writes fail with this code from now on; undefined: no more. */
  refuseWrites(code: string | undefined): void;
  refuseReads(code: string | undefined): void;
  /** What is on the disk after a loss of power; names that were not forced to it are there or not. */
  afterPowerLoss(kept: { readonly names: boolean }): MemoryFileSystem;
  /** What another process sees after a kill: everything that was written, forced to the disk or not. */
  afterKill(): MemoryFileSystem;
  put(path: string, text: string): void;
  text(path: string): string | undefined;
  paths(): readonly string[];
  removeDirectory(path: string): void;
}

interface Inode {
  live: Uint8Array;
  durable: Uint8Array | undefined;
}

class Killed extends Error {
  override readonly name: string = "Killed";
}

export function createMemoryFileSystem(
  names: ReadonlyMap<string, Inode> = new Map(),
  existing: ReadonlySet<string> = new Set(),
): MemoryFileSystem {
  const live = new Map(names);
  const durable = new Map(names);
  const directories = new Set(existing);
  const locks = new Map<string, object>();
  const taken: string[] = [];
  let killStep = Number.POSITIVE_INFINITY;
  let writeCode: string | undefined;
  let readCode: string | undefined;

  const step = (name: string): void => {
    if (taken.length >= killStep) throw new Killed(name);
    taken.push(name);
  };
  const refuse = (code: string | undefined): void => {
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
  const copy = (from: ReadonlyMap<string, Inode>, content: (inode: Inode) => Uint8Array) =>
    createMemoryFileSystem(
      new Map(
        [...from].map(([path, inode]) => {
          const bytes = content(inode);
          return [path, { live: bytes, durable: bytes }];
        }),
      ),
      directories,
    );

  return {
    get steps() {
      return taken.length;
    },
    taken,
    killAt: (number) => {
      killStep = number;
    },
    refuseWrites: (code) => {
      writeCode = code;
    },
    refuseReads: (code) => {
      readCode = code;
    },
    // A content that was never forced to the disk may be there as an empty file.
    afterPowerLoss: ({ names: kept }) =>
      copy(kept ? live : durable, (inode) => inode.durable ?? new Uint8Array()),
    afterKill: () => copy(live, (inode) => inode.live),
    put: (path, text) => {
      const bytes = new TextEncoder().encode(text);
      const inode = { live: bytes, durable: bytes };
      live.set(path, inode);
      durable.set(path, inode);
      directories.add(dirname(path));
    },
    text: (path) => {
      const inode = live.get(path);
      return inode && new TextDecoder().decode(inode.live);
    },
    paths: () => [...live.keys()].toSorted(),
    removeDirectory: (path) => {
      for (const name of live.keys()) if (dirname(name) === path) live.delete(name);
      directories.delete(path);
      for (const name of locks.keys()) if (dirname(name) === path) locks.delete(name);
    },
    read: async (path, bytesMax) => {
      refuse(readCode);
      const inode = live.get(path);
      if (inode === undefined)
        return directories.has(path) ? { kind: "no_file" } : { kind: "missing" };
      const { length } = inode.live;
      return length > bytesMax
        ? { kind: "too_large", byteLength: length }
        : { kind: "file", bytes: inode.live };
    },
    createDirectory: async (path) => {
      step("createDirectory");
      refuse(directories.has(path) ? undefined : writeCode);
      directories.add(path);
    },
    createFile: async (path) => {
      step("createFile");
      refuse(writeCode === "ENOSPC" ? undefined : writeCode);
      refuse(live.has(path) ? "EEXIST" : undefined);
      refuse(directories.has(dirname(path)) ? undefined : "ENOENT");
      const inode: Inode = { live: new Uint8Array(), durable: undefined };
      live.set(path, inode);
      return {
        write: async (bytes) => {
          // A kill in the middle of a write leaves a part of it.
          inode.live = bytes.slice(0, bytes.length / 2);
          step("write");
          refuse(writeCode);
          inode.live = bytes;
        },
        sync: async () => {
          step("sync");
          refuse(writeCode);
          inode.durable = inode.live;
        },
        close: async () => {},
      };
    },
    rename: async (from, to) => {
      step("rename");
      refuse(writeCode);
      const inode = live.get(from);
      if (inode === undefined) throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
      live.delete(from);
      live.set(to, inode);
    },
    remove: async (path) => {
      step("remove");
      live.delete(path);
    },
    restrict: async () => {},
    list: async (path) =>
      [...live.keys()]
        .filter((name) => dirname(name) === path)
        .map((name) => name.slice(path.length + 1)),
    syncDirectory: async (path) => {
      step("syncDirectory");
      for (const name of durable.keys()) if (dirname(name) === path) durable.delete(name);
      for (const [name, inode] of live) if (dirname(name) === path) durable.set(name, inode);
    },
    lock: (path) => {
      if (locks.has(path)) return undefined;
      const holder = {};
      locks.set(path, holder);
      const isCurrent = (): boolean => locks.get(path) === holder;
      return { isCurrent, [Symbol.dispose]: () => void (isCurrent() && locks.delete(path)) };
    },
  };
}
