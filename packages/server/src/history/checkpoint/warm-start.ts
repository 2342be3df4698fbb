// A start from a checkpoint. The database decides: the checkpoint must be of this database, at a point that it has passed;
// what was committed since is read in the order of commits, within one snapshot; and of each window of time there must be
// in memory as many results as that snapshot shows, before anybody is told that the window is there. A window that
// differs, because results were deleted, is read from the database like any other.

import { assert } from "@truechimer/base";
import {
  covers,
  type Database,
  type PgSnapshotText,
  parsePgSnapshot,
  type Schema,
  timestamptzFromNs,
} from "@truechimer/database";
import type { HistoryStore, Measurement } from "@truechimer/history";
import { type Transaction as KyselyTransaction, sql } from "kysely";
import { followResults, type ResultsFollower } from "../follow-results.ts";
import type { LoadWindow } from "../load-state.ts";
import type { CheckpointBlock, CheckpointOrigin } from "./checkpoint-format.ts";
import { type Checkpoint, type CheckpointRefusal, openCheckpoint } from "./read-checkpoint.ts";

export interface WarmStartOptions {
  readonly file: string;
  readonly database: Database;
  readonly store: HistoryStore;
  readonly take: (rows: readonly Measurement[]) => void;
  /** Rows that the memory budget has room for. */
  readonly rowsFree: () => number;
  /** Between two blocks: others have their turn. */
  readonly pause: () => Promise<unknown>;
}

/** "refused": the database is read instead, all of it. */
export type WarmStartOpening =
  | { readonly kind: "open"; readonly warm: WarmStart }
  | { readonly kind: "refused"; readonly reason: CheckpointRefusal };

/** What is asked of the database before anything is believed. */
interface DatabaseFacts extends CheckpointOrigin {
  readonly snapshot: PgSnapshotText;
  readonly has_witness: boolean;
}

type Transaction = KyselyTransaction<Schema>;

/** More windows that differ: so do the rest, and comparing them takes longer than reading. */
const DIFFERENT_MAX = 3;
const NS_PER_US = 1_000n;

export async function openWarmStart(options: WarmStartOptions): Promise<WarmStartOpening> {
  await using opening = new AsyncDisposableStack();
  const checkpoint = await openCheckpoint(options.file);
  if (typeof checkpoint === "string") return { kind: "refused", reason: checkpoint };
  opening.use(checkpoint);
  const snapshot = opening.use(await openSnapshot(options.database));
  const { transaction } = snapshot;
  const { index } = checkpoint;
  const reason = refusalBy(await readFacts(transaction, checkpoint), checkpoint);
  if (reason !== undefined) return { kind: "refused", reason };
  const follower = await followResults(options.database, options.take, {
    cluster: BigInt(index.origin.cluster),
    timeline: index.origin.timeline,
    snapshot: index.snapshot,
  });
  if ((await follower.catchUp(transaction)) === "lost")
    return { kind: "refused", reason: "behind" };
  const opened = opening.move();
  const warm = new WarmStart(options, { checkpoint, transaction, follower, opened });
  return { kind: "open", warm };
}

interface Snapshot extends AsyncDisposable {
  readonly transaction: Transaction;
}

/** A transaction that sees one state until it is disposed. */
async function openSnapshot({ kysely }: Database): Promise<Snapshot> {
  const opened = Promise.withResolvers<Transaction>();
  const closing = Promise.withResolvers<void>();
  const ended = kysely
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (transaction) => {
      opened.resolve(transaction);
      await closing.promise;
    });
  ended.catch(opened.reject);
  return {
    transaction: await opened.promise,
    [Symbol.asyncDispose]: async () => {
      closing.resolve();
      // Nothing was written: how it ends is of no matter.
      await ended.catch(() => undefined);
    },
  };
}

function refusalBy(
  facts: DatabaseFacts,
  { index: { origin, snapshot } }: Checkpoint,
): Extract<CheckpointRefusal, "foreign" | "stale"> | undefined {
  const isSame = (["cluster", "timeline", "database"] as const).every(
    (key) => facts[key] === origin[key],
  );
  if (!isSame) return "foreign";
  if (facts.schema !== origin.schema) return "stale";
  // An older state of this database was put back: what it knows since is not what the checkpoint knows.
  const hasPassed = covers(parsePgSnapshot(facts.snapshot), parsePgSnapshot(snapshot));
  return hasPassed && facts.has_witness ? undefined : "foreign";
}

async function readFacts(
  transaction: Transaction,
  { index: { witness } }: Checkpoint,
): Promise<DatabaseFacts> {
  const { rows } = await sql<DatabaseFacts>`
    select (select system_identifier::text from pg_control_system()) as cluster,
      left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline,
      (select oid::text from pg_database where datname = current_database()) as database,
      (select max(version)::text from schema_migrations) as schema, results_snapshot() as snapshot,
      exists (select from log_scores where id = ${witness.id} and ts = ${instantOf(witness.atUs)}) as has_witness
    `.execute(transaction);
  const [facts] = rows;
  assert(facts !== undefined, "a select without a table gives a row");
  return facts;
}

interface OpenParts {
  readonly checkpoint: Checkpoint;
  readonly transaction: Transaction;
  readonly follower: ResultsFollower;
  readonly opened: AsyncDisposable;
}

interface Counted {
  readonly window: LoadWindow;
  /** Undefined: it could not be asked. */
  readonly rows: Promise<number | undefined>;
}

export class WarmStart implements AsyncDisposable {
  readonly follower: ResultsFollower;
  readonly #options: WarmStartOptions;
  readonly #parts: OpenParts;
  /** Those that are still to be read, newest first. */
  readonly #blocks: CheckpointBlock[];
  /** Times of what was committed after the snapshot that windows are held against. */
  readonly #since: number[] = [];
  #counted: Counted | undefined;
  #different = 0;
  /** Nothing more of the checkpoint will be used. */
  isOver = false;

  constructor(options: WarmStartOptions, parts: OpenParts) {
    this.#options = options;
    this.#parts = parts;
    this.follower = parts.follower;
    this.#blocks = [...parts.checkpoint.index.blocks];
  }

  /** Of each row that comes in meanwhile. */
  noteRows(rows: readonly Measurement[]): void {
    for (const { atUs } of rows) this.#since.push(atUs);
  }

  /**
   * Brings a window into memory; windows go back in time as far as `floorUs`. Returns how many results it has.
   * Undefined: it must be read from the database, and what is held of it has come in meanwhile. `ahead` comes next.
   */
  async restore(
    window: LoadWindow,
    { floorUs, ahead }: { readonly floorUs: number; readonly ahead: LoadWindow | undefined },
  ): Promise<number | undefined> {
    const { store } = this.#options;
    const isCovered = window.fromUs >= this.#parts.checkpoint.index.horizonUs;
    const counted = isCovered ? this.#count(window) : undefined;
    const isWhole = isCovered && (await this.#readBlocks(window, floorUs));
    if (ahead !== undefined && isWhole) this.#counted = this.#count(ahead);
    const stored = await counted?.rows;
    const { fromUs, toUs } = window;
    const since = this.#since.filter((us) => us >= fromUs && us < toUs).length;
    if (isWhole && store.count(window) - since === stored) return stored;
    this.#different += 1;
    this.isOver ||= !isWhole || stored === undefined || this.#different > DIFFERENT_MAX;
    // With what is older, if nobody is going to vouch for it.
    store.drop({ fromUs: this.isOver ? floorUs : fromUs, toUs });
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#counted?.rows;
    await this.#parts.opened[Symbol.asyncDispose]();
  }

  /** False: a block is not what was written, or there is no room for it. */
  async #readBlocks({ fromUs }: LoadWindow, floorUs: number): Promise<boolean> {
    const { store, rowsFree, pause } = this.#options;
    for (let block = this.#blocks[0]; block !== undefined; block = this.#blocks[0]) {
      if (block.lastUs < fromUs) return true;
      const packed =
        rowsFree() < block.length ? undefined : await this.#parts.checkpoint.readBlock(block);
      if (packed === undefined) return false;
      // What is older than the oldest result was deleted.
      store.add(packed, floorUs);
      this.#blocks.shift();
      await pause();
    }
    return true;
  }

  /** In the snapshot. */
  #count(window: LoadWindow): Counted {
    const counted = this.#counted;
    if (counted?.window.fromUs === window.fromUs && counted.window.toUs === window.toUs)
      return counted;
    const rows = countResults(this.#parts.transaction, window).catch(() => undefined);
    return { window, rows };
  }
}

async function countResults(
  transaction: Transaction,
  { fromUs, toUs }: LoadWindow,
): Promise<number> {
  const end = Number.isFinite(toUs) ? instantOf(toUs) : "infinity";
  const { rows } = await sql<{ readonly rows: number }>`
    select count(*)::float8 as rows from log_scores
    where ts >= ${instantOf(fromUs)}::timestamptz and ts < ${end}::timestamptz`.execute(
    transaction,
  );
  return rows[0]?.rows ?? 0;
}

function instantOf(us: number): string {
  return timestamptzFromNs(BigInt(us) * NS_PER_US);
}
