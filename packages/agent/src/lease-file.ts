// Where an agent's leases outlive it: one file beside the queue, replaced whole. A damaged one is kept aside for people.

import { join } from "node:path";
import type { Random } from "@truechimer/base";
import type { FileSystem } from "./identity/file-system.ts";
import { nodeFileSystem } from "./identity/node-file-system.ts";
import { replaceFile } from "./identity/replace-file.ts";

/** Rejects with the system's error. */
export interface LeaseFile {
  /** Absent: there is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Once it resolves, the content survives a loss of power; until then, the old one does. */
  replace(bytes: Uint8Array): Promise<void>;
  /** Out of the way, in the place of what was kept so before. Returns its name. */
  keepAside(): Promise<string>;
}

export interface LeaseFileOptions {
  readonly directory: string;
  readonly random: Random;
  /** Default: the host's. */
  readonly files?: FileSystem;
}

/** Two monitors with 50,000 leases each, and room. */
export const LEASE_FILE_BYTES_MAX: number = 64 * 1_024 * 1_024;
const NAME = "leases";
const DAMAGED_NAME = "leases.damaged";

export function createLeaseFile({
  directory,
  random,
  files = nodeFileSystem,
}: LeaseFileOptions): LeaseFile {
  const path = join(directory, NAME);
  return {
    read: async () => {
      const found = await files.read(path, LEASE_FILE_BYTES_MAX);
      if (found.kind === "missing") return undefined;
      // Neither makes sense: both are kept aside.
      return found.kind === "file" ? found.bytes : new Uint8Array();
    },
    replace: async (content) => {
      await files.createDirectory(directory);
      await replaceFile({ files, random, path, content });
    },
    keepAside: async () => {
      await files.rename(path, join(directory, DAMAGED_NAME));
      await files.syncDirectory(directory);
      return DAMAGED_NAME;
    },
  };
}
