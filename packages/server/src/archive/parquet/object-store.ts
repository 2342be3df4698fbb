// Where the files of an archive lie: a directory, or a bucket. Names have parts, divided by "/". A file is there whole, or it
// is not there; it is never changed.

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  /** By the store's clock. */
  readonly modifiedMs: number;
}

/** Each rejects with `peer_unreachable`, or with `archive_refused` and what is to be done. */
export interface ObjectStore extends AsyncDisposable {
  /** For people, without passwords. */
  readonly target: string;
  /** Refuses what cannot be written to; removes what broken writes have left. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Those whose names begin so, in the order of their names; those beyond `after`, and before `to`. */
  list(
    prefix: string,
    range?: { readonly after?: string; readonly to?: string },
  ): Promise<readonly StoredObject[]>;
  /** The first name that begins so. Undefined: there is none. */
  first(prefix: string): Promise<string | undefined>;
  /** Undefined: there is no such file. */
  read(
    name: string,
    range: { readonly start: number; readonly end: number },
  ): Promise<ArrayBuffer | undefined>;
  /** Resolves once it is there for good. */
  write(
    name: string,
    bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Those that are not there are passed over. */
  remove(names: readonly string[]): Promise<void>;
}
