// Files that an older unit of the NTP Pool's agent left in its RuntimeDirectory, which a restart of the host empties, are
// taken over into the state directory, once: when that has no state.json. The originals stay where they are.

import { join } from "node:path";
import type { Logger } from "@truechimer/telemetry";
import type { Environment } from "./environment.ts";
import type { FileSystem } from "./file-system.ts";
import type { StateStore } from "./state-store.ts";
import { IDENTITY_FILES, readStoredIdentity, STATE_BYTES_MAX } from "./stored-identity.ts";

export interface MigrationOptions {
  readonly runtimeDirectory?: string | undefined;
  readonly environment: Environment;
  readonly files: FileSystem;
  readonly store: StateStore;
  readonly logger: Logger;
}

/** Whatever fails is logged, and the agent starts as if there were nothing to take over. */
export async function migrateRuntimeDirectory(options: MigrationOptions): Promise<void> {
  const { runtimeDirectory, environment, store, logger } = options;
  if (runtimeDirectory === undefined || runtimeDirectory === "") return;
  // systemd gives a list when the unit has several.
  const [first = ""] = runtimeDirectory.split(":");
  const from = join(first, environment);
  if (from === store.directory) return;
  try {
    if (await migrated(from, options)) {
      logger.info({ from, to: store.directory }, "state was taken over from the runtime directory");
    }
  } catch (error) {
    logger.warn({ from, error }, "state was not taken over from the runtime directory");
  }
}

async function migrated(from: string, { files, store }: MigrationOptions): Promise<boolean> {
  const here = await files.read(join(store.directory, IDENTITY_FILES.state), STATE_BYTES_MAX);
  if (here.kind !== "missing") return false;
  const there = await readStoredIdentity(files, from);
  const text = await files.read(join(from, IDENTITY_FILES.state), STATE_BYTES_MAX);
  // Checked before it is taken over: a damaged file is better looked at where it lies.
  if (there.state === undefined || text.kind !== "file") return false;
  // The pair first: state.json says that all is here.
  if (there.pair !== undefined) await store.storePair(there.pair);
  await store.storeFile(IDENTITY_FILES.state, new TextDecoder().decode(text.bytes));
  return true;
}
