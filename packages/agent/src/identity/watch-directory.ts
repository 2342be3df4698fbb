// News of changes in a directory, from the operating system.

import { type FSWatcher, statSync, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { AppError } from "@truechimer/base";

export interface WatchListener {
  /** Something happened to this name; undefined: to one that the system did not tell. */
  readonly onEvent: (name: string | undefined) => void;
  /** The watch is over. */
  readonly onError: (error: unknown) => void;
}

export interface DirectoryWatch extends Disposable {
  /** Whether the path still leads to the directory under watch: it may have been removed and made anew. */
  isCurrent(): Promise<boolean>;
}

/** Throws when the directory cannot be watched. */
export type WatchDirectory = (path: string, listener: WatchListener) => DirectoryWatch;

export const watchDirectory: WatchDirectory = (path, { onEvent, onError }) => {
  const watched = statSync(path, { bigint: true });
  const isCurrent = async (): Promise<boolean> => {
    const now = await stat(path, { bigint: true }).catch(() => undefined);
    if (now === undefined || now.ino !== watched.ino || now.dev !== watched.dev) return false;
    // The number of a directory that was removed is given to the next one.
    return now.birthtimeNs === watched.birthtimeNs;
  };
  let open = true;
  const fail = (error: unknown): void => {
    if (!open) return;
    open = false;
    watcher.close();
    onError(error);
  };
  const watcher: FSWatcher = watch(path, { persistent: false }, (_kind, name) => {
    if (!open) return;
    onEvent(name ?? undefined);
    // The system tells of the directory's own end under its own name.
    if (name !== null && name !== basename(path)) return;
    void isCurrent().then((current) => {
      if (!current) fail(new AppError("not_found", `${path} was removed or replaced`));
    });
  });
  watcher.on("error", fail);
  return {
    isCurrent,
    [Symbol.dispose]: () => {
      open = false;
      watcher.close();
    },
  };
};
