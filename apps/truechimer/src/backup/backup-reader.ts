// Reads a backup from its beginning to its end, in constant memory, and believes nothing that its checksums do not bear
// out. What is wrong with it is said with the file, where it is wrong, and what is missing.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { AppError } from "@truechimer/base";
import { createTarDecoder } from "modern-tar";
import { errorText } from "../doctor/finding.ts";
import {
  type BackupEnd,
  type BackupManifest,
  DATABASE_FOLDER,
  END_NAME,
  FILES_FOLDER,
  MANIFEST_NAME,
  PIECE_BYTES,
  parseEnd,
  parseManifest,
  WHOLE_MEMBER_BYTES_MAX,
} from "./backup-format.ts";
import { createRelationTally, type RelationTally } from "./relation-tally.ts";

/** What comes next. The end is the last, and all that came before it is then proved. */
export type BackupPart =
  | { readonly kind: "manifest"; readonly manifest: BackupManifest }
  | { readonly kind: "file"; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: "piece"; readonly relation: string; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly end: BackupEnd };

export interface ReadBackupOptions {
  /** Told how much of the file has been read. */
  readonly onRead?: (bytes: number) => void;
}

interface State {
  readonly file: string;
  manifest: BackupManifest | undefined;
  readonly filesRead: Set<string>;
  readonly tallies: Map<string, RelationTally>;
  tally: { readonly relation: string; readonly tally: RelationTally } | undefined;
}

/** Fails with backup_broken. */
export async function* readBackup(
  file: string,
  { onRead = () => undefined }: ReadBackupOptions = {},
): AsyncGenerator<BackupPart, void, undefined> {
  const state: State = {
    file,
    manifest: undefined,
    filesRead: new Set(),
    tallies: new Map(),
    tally: undefined,
  };
  const source = createReadStream(file);
  source.on("data", () => onRead(source.bytesRead));
  try {
    for await (const { name, bytes } of members(source, state)) {
      const part = partOf(state, name, bytes);
      yield part;
      if (part.kind === "end") return;
    }
  } catch (error) {
    throw readFailure(state, error);
  } finally {
    source.destroy();
  }
  throw cutShort(state);
}

interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function* members(source: Readable, state: State): AsyncGenerator<Member, void, undefined> {
  const decompress = createZstdDecompress();
  source.on("error", (error) => decompress.destroy(error));
  const entries = Readable.toWeb(source.pipe(decompress)).pipeThrough(
    createTarDecoder({ strict: true }) as never,
  ) as unknown as AsyncIterable<{
    readonly header: { readonly name: string; readonly size: number };
    readonly body: ReadableStream<Uint8Array>;
  }>;
  for await (const { header, body } of entries) {
    const { name, size } = header;
    const most = name.startsWith(DATABASE_FOLDER) ? PIECE_BYTES : WHOLE_MEMBER_BYTES_MAX;
    if (size > most) throw broken(state, `its member ${name} has ${size} bytes, at most ${most}`);
    yield { name, bytes: new Uint8Array(await new Response(body).arrayBuffer()) };
  }
}

function partOf(state: State, name: string, bytes: Uint8Array): BackupPart {
  if (state.manifest === undefined) return manifestOf(state, name, bytes);
  if (name.startsWith(FILES_FOLDER)) return fileOf(state, name.slice(FILES_FOLDER.length), bytes);
  if (name.startsWith(DATABASE_FOLDER)) return pieceOf(state, name, bytes);
  if (name === END_NAME) return endOf(state, state.manifest, bytes);
  throw broken(state, `it has a member ${name}, which no backup has`);
}

function manifestOf(state: State, name: string, bytes: Uint8Array): BackupPart {
  const manifest = name === MANIFEST_NAME ? parseManifest(textOf(bytes)) : undefined;
  if (manifest === undefined) {
    throw new AppError(
      "backup_broken",
      `${state.file} is no backup that this release can read: its first member is ${name}; use the file that "truechimer backup" wrote, and the release that wrote it or a newer one`,
    );
  }
  state.manifest = manifest;
  return { kind: "manifest", manifest };
}

function fileOf(state: State, name: string, bytes: Uint8Array): BackupPart {
  const expected = state.manifest?.files.find((one) => one.name === name);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (expected?.sha256 !== sha256) throw broken(state, `its file ${name} was changed`);
  state.filesRead.add(name);
  return { kind: "file", name, bytes };
}

function pieceOf(state: State, name: string, bytes: Uint8Array): BackupPart {
  const relation = name.slice(DATABASE_FOLDER.length, name.lastIndexOf("/"));
  if (state.tally?.relation !== relation) {
    const isKnown = relationsOf(state).includes(relation) && !state.tallies.has(relation);
    if (!isKnown) throw broken(state, `rows of ${relation} are where none belong`);
    const tally = createRelationTally(relation);
    state.tallies.set(relation, tally);
    state.tally = { relation, tally };
  }
  state.tally.tally.add(bytes);
  return { kind: "piece", relation, bytes };
}

function endOf(state: State, manifest: BackupManifest, bytes: Uint8Array): BackupPart {
  const end = parseEnd(textOf(bytes));
  if (end === undefined) throw broken(state, "its last member cannot be understood");
  const lacking = manifest.files.find(({ name }) => !state.filesRead.has(name));
  if (lacking !== undefined) throw broken(state, `its file ${lacking.name} is missing`);
  const sums = new Map(end.relations.map((sum) => [sum.name, sum]));
  for (const name of relationsOf(state)) {
    const expected = sums.get(name);
    const found = (state.tallies.get(name) ?? createRelationTally(name)).sum();
    if (expected?.sha256 === found.sha256 && expected.rows === found.rows) continue;
    throw broken(
      state,
      `${name} has ${found.rows} rows with another checksum than the ${expected?.rows ?? 0} that were written`,
    );
  }
  return { kind: "end", end };
}

function relationsOf({ manifest }: State): readonly string[] {
  return manifest?.database.tables.flatMap(({ relations }) => relations) ?? [];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function broken({ file }: State, what: string): AppError {
  return new AppError(
    "backup_broken",
    `${file} was changed after it was made: ${what}; nothing of it is restored, use another backup`,
  );
}

function placeOf({ tally }: State): string {
  return tally === undefined
    ? "before the first row"
    : `in ${tally.relation}, after ${tally.tally.rows} of its rows`;
}

const NAMES_SHOWN = 3;

function cutShort(state: State, cause?: unknown): AppError {
  const { file, manifest, tally } = state;
  if (manifest === undefined) {
    return new AppError(
      "backup_broken",
      `${file} is no backup, or ends before it says what is in it: use the file that "truechimer backup" wrote, whole`,
      { cause },
    );
  }
  const relations = relationsOf(state);
  const reached = tally === undefined ? -1 : relations.indexOf(tally.relation);
  const missing = relations.slice(reached + 1);
  const shown = missing.slice(0, NAMES_SHOWN).join(", ");
  const more = missing.length > NAMES_SHOWN ? ` and ${missing.length - NAMES_SHOWN} more` : "";
  const lacks = missing.length === 0 ? "the closing checksums" : `the rest of it, ${shown}${more}`;
  return new AppError(
    "backup_broken",
    `${file} is cut short: it ends ${placeOf(state)}, and ${lacks} are missing; nothing of it is restored. Copy it again from where it was made and compare the sizes, or use another backup`,
    { cause },
  );
}

const UNREADABLE: ReadonlySet<string | undefined> = new Set(["ENOENT", "EACCES", "EISDIR", "EIO"]);

function readFailure(state: State, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (UNREADABLE.has(code)) {
    return new AppError(
      "usage",
      `${state.file} cannot be read (${code ?? ""}): name the file that "truechimer backup" wrote`,
      { cause: error },
    );
  }
  // zlib's word for an end that comes too early, which a byte that was changed may look like; all its others are of bytes
  // that make no sense.
  if (code === "Z_BUF_ERROR" || state.manifest === undefined) return cutShort(state, error);
  return broken(state, `its bytes make no sense (${errorText(error)}) ${placeOf(state)}`);
}
