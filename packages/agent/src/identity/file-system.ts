// The few things that the agent's state asks of a file system, as an interface: so that a test can make each of them
// fail, and lose what was not yet forced to the disk.

/** A file as found, or why there is none to be had. */
export type FoundFile =
  | { readonly kind: "file"; readonly bytes: Uint8Array }
  | { readonly kind: "missing" }
  | { readonly kind: "too_large"; readonly byteLength: number }
  /** A directory, a device, a pipe. */
  | { readonly kind: "no_file" };

export interface NewFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Returns when the content would survive a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A lock that somebody has. Disposal gives it back. */
export interface FileLock extends Disposable {
  /** Whether who asks for the path meets this lock: its file may have been removed or replaced. */
  isCurrent(): boolean;
}

/** Paths are absolute. What the system refuses is thrown as it comes, with its `code` (ENOSPC, EACCES, …). */
export interface FileSystem {
  /** Follows symbolic links; never waits on a pipe; reads no more than `bytesMax`. */
  read(path: string, bytesMax: number): Promise<FoundFile>;
  /** With its parents. Mode 0700, also when it was there with wider rights. */
  createDirectory(path: string): Promise<void>;
  /** Fails with EEXIST when the name is taken, also by a symbolic link. Mode 0600 from the start. */
  createFile(path: string): Promise<NewFile>;
  /** Replaces what is at `to`, also a symbolic link (not what it points to). */
  rename(from: string, to: string): Promise<void>;
  /** Missing is as good as removed. */
  remove(path: string): Promise<void>;
  /** Takes the rights of others away from a file that is there. */
  restrict(path: string): Promise<void>;
  /** Names in the directory; none when it is missing. */
  list(path: string): Promise<readonly string[]>;
  /** Returns when the names in it would survive a loss of power. */
  syncDirectory(path: string): Promise<void>;
  /** Undefined when another holder has it. Ends with disposal or the process, however that dies. */
  lock(path: string): FileLock | undefined;
}
