// Moves a cluster to the major version of PostgreSQL that this release brings: the old one and a new one run side by side,
// and all rows are copied from one to the other (src/dump), because the packages have no pg_upgrade. The old data are only
// read, and kept beside the new ones; a kill at any moment leaves the old ones or the new ones, whole.
//
// In the directory: data/ (what is used), data.upgrading/ (a copy under way, which the next start makes anew),
// data.upgraded/ (a copy that is whole, to become data/), data-17/ (what was used before).

import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Clock } from "@truechimer/base";
import { createDatabase } from "../create-database.ts";
import { loadDump } from "../dump/load-dump.ts";
import { withDump } from "../dump/open-dump.ts";
import { type Credentials, databaseUrl } from "./credentials.ts";
import { clusterExists, clusterMajor, freeBytes, initCluster } from "./init-cluster.ts";
import { findOlderPrograms } from "./older-programs.ts";
import type { Place } from "./place.ts";
import { anyFreePort } from "./port.ts";
import { type Postmaster, startPostmaster } from "./postmaster.ts";
import { setPassword } from "./set-password.ts";

/** Of the cluster, and how to go about it. */
export interface UpgradeOptions {
  /** For both clusters; the port is the new one's. */
  readonly credentials: Credentials;
  /** False: the old cluster is given the password first. */
  readonly isPasswordKnown: boolean;
  readonly clock: Clock;
  readonly say: (text: string) => void;
  /** Makes the product's database in a new cluster. */
  readonly createDatabase: (postmaster: Postmaster) => Promise<void>;
}

/** What a new cluster takes beside the rows. */
const CLUSTER_BYTES = 128 * 1024 * 1024;
const SAY_EVERY_NS = 10_000_000_000n;

/** Whoever was killed between two renames. */
export async function finishUpgrade(place: Place): Promise<void> {
  if (!clusterExists({ dataDir: finishedDir(place) })) return;
  if (clusterExists(place)) await rename(place.dataDir, keptDir(place));
  await rename(finishedDir(place), place.dataDir);
}

/** AppError `database_start_failed`: the data are of a release that is newer than this one. */
export function newerThanPrograms({ dataDir }: Place, made: number, major: number): AppError {
  return new AppError(
    "database_start_failed",
    `${dataDir} was made by PostgreSQL ${made}, and this release brings ${major}: start the newer release that made it, or restore a backup into another directory`,
  );
}

/** After it `place.dataDir` is a cluster of this release's PostgreSQL with all rows, and nothing runs in it. */
export async function upgradeCluster(place: Place, options: UpgradeOptions): Promise<void> {
  const { clock, say, credentials } = options;
  const major = clusterMajor(place);
  const older = { ...place, binDir: await findOlderPrograms(major, place, say) };
  if (!options.isPasswordKnown) await setPassword(older, credentials.password);
  const startedNs = clock.monotonicNs();
  say(
    `moving the database in ${place.directory} from PostgreSQL ${major} to this release's; its old data are only read`,
  );
  const newer = { ...place, dataDir: join(place.directory, "data.upgrading") };
  await rm(newer.dataDir, { recursive: true, force: true });
  const rows = await copyAll(older, newer, options);
  await rename(newer.dataDir, finishedDir(place));
  const kept = keptDir(place);
  await finishUpgrade(place);
  const tookS = Number((clock.monotonicNs() - startedNs) / 1_000_000n) / 1_000;
  say(
    `moved: ${rows.toLocaleString("en")} rows in ${tookS.toFixed(1)} s. The old data are kept in ${kept}: remove that directory when all is well`,
  );
}

async function copyAll(older: Place, newer: Place, options: UpgradeOptions): Promise<number> {
  const { clock, credentials } = options;
  await using stack = new AsyncDisposableStack();
  const start = async (place: Place, port: number): Promise<Postmaster> => {
    const postmaster = await startPostmaster({ place, port, settings: {}, clock });
    stack.defer(() => postmaster.stop());
    return postmaster;
  };
  const oldPort = await anyFreePort();
  await start(older, oldPort);
  const from = stack.use(await open({ ...credentials, port: oldPort }));
  await assertSpace(older.directory, from);
  await initCluster(newer, { password: credentials.password, durable: true });
  await options.createDatabase(await start(newer, credentials.port));
  const to = stack.use(await open(credentials));
  let rows = 0;
  let saidNs = clock.monotonicNs();
  await withDump(from, { clock, without: new Set() }, (dump) =>
    loadDump(to, dump, {
      appliedBy: "truechimer, moving to a newer PostgreSQL,",
      onLoaded: (relation) => {
        rows += relation.rows;
        if (clock.monotonicNs() - saidNs < SAY_EVERY_NS) return;
        saidNs = clock.monotonicNs();
        options.say(`${rows.toLocaleString("en")} rows moved so far, ${relation.name} the last`);
      },
    }),
  );
  return rows;
}

type OpenDatabase = Awaited<ReturnType<typeof createDatabase>>;

async function open(credentials: Credentials): Promise<OpenDatabase> {
  return await createDatabase({
    url: databaseUrl(credentials),
    applicationName: "truechimer, moving to a newer PostgreSQL",
    poolSize: 2,
  });
}

/** Both are there at once. */
async function assertSpace(directory: string, { pool }: Pick<OpenDatabase, "pool">): Promise<void> {
  const { rows } = await pool.query<{ bytes: bigint }>(
    "select pg_database_size(current_database()) as bytes",
  );
  const needed = Number(rows[0]?.bytes ?? 0n) + CLUSTER_BYTES;
  const free = await freeBytes(directory);
  if (free >= needed) return;
  throw new AppError(
    "disk_full",
    `moving the database to a newer PostgreSQL needs ${megabytes(needed)} free on the disk that holds ${directory}, where ${megabytes(free)} are: free some space there and start again; nothing was changed`,
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString("en")} MB`;
}

function finishedDir({ directory }: Place): string {
  return join(directory, "data.upgraded");
}

/** "data-17", or "data-17.2" where that is taken. */
function keptDir(place: Place): string {
  const name = join(place.directory, `data-${clusterMajor(place)}`);
  let path = name;
  for (let number = 2; existsSync(path); number += 1) path = `${name}.${number}`;
  return path;
}
