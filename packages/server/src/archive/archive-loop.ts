// The loop that sends results and paths to the archive. It is among the loops of those processes alone that have one
// configured, so that no other takes its turn and does nothing with it.

import type { Loop } from "../loops/loop.ts";
import type { Archive } from "./archive.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits, runArchive } from "./run-archive.ts";

/** Also the pause after a failure. Archives that keep columns want few inserts, and large ones. */
const PERIOD_MS = 5_000;

export function archiveLoop(archive: Archive, limits: ArchiveLimits = ARCHIVE_LIMITS): Loop {
  return {
    name: "archive",
    class: "idempotent",
    periodMs: PERIOD_MS,
    purpose: "sends new results and paths to the archive",
    run: (context, signal) => runArchive(context, archive, signal, limits),
  };
}
