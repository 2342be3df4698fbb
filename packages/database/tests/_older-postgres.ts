// A data directory that an older PostgreSQL has made, as an older release of ours would have left it.

import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@truechimer/base";
import { identity } from "../src/embedded/account.ts";
import { DATABASE_NAME, databaseUrl, writeCredentials } from "../src/embedded/credentials.ts";
import { choosePlace, type Place } from "../src/embedded/place.ts";
import { findPlatformBinaries } from "../src/embedded/platform-binaries.ts";
import { anyFreePort } from "../src/embedded/port.ts";
import { startPostmaster } from "../src/embedded/postmaster.ts";
import { createDatabase, type Database } from "../src/index.ts";
import { query, silent } from "./_embedded.ts";

const binDirOf = (major: number): string => `/usr/lib/postgresql/${major}/bin`;

/** Of Debian's packages, the newest that is older than ours. Undefined: none is installed. */
export const OLDER_MAJOR: number | undefined = [17, 16, 15].find((major) =>
  existsSync(join(binDirOf(major), "initdb")),
);

if (OLDER_MAJOR === undefined) {
  if (process.env["CI"] !== undefined) throw new Error("postgresql-15 is not installed");
  process.stderr.write(
    "no older PostgreSQL is installed (postgresql-15): its upgrade is not tested\n",
  );
}

const PASSWORD = "olderpassword";

/** Runs `fill` on the older one and stops it. */
export async function makeOlderCluster(
  directory: string,
  fill: (database: Database) => Promise<void>,
): Promise<void> {
  const chosen = await choosePlace({
    preferredDir: directory,
    say: silent,
    binaries: findPlatformBinaries(),
  });
  const place: Place = { ...chosen, binDir: binDirOf(OLDER_MAJOR ?? 0) };
  initOlder(place);
  const credentials = { password: PASSWORD, port: await anyFreePort() };
  await writeCredentials(directory, credentials);
  const postmaster = await startPostmaster({
    place,
    port: credentials.port,
    settings: { fsync: "off" },
    clock: systemClock,
  });
  try {
    const url = new URL(databaseUrl(credentials));
    url.pathname = "/postgres";
    await query(url.href, `create database ${DATABASE_NAME}`);
    await using database = await createDatabase({
      url: databaseUrl(credentials),
      applicationName: "test",
    });
    await fill(database);
  } finally {
    await postmaster.stop();
  }
}

function initOlder({ binDir, dataDir, account, directory }: Place): void {
  mkdirSync(dataDir, { mode: 0o700 });
  const passwordFile = join(directory, "password");
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
  if (account !== undefined) chownSync(dataDir, account.uid, account.gid);
  execFileSync(
    join(binDir, "initdb"),
    [
      `--pgdata=${dataDir}`,
      "--username=truechimer",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ],
    { cwd: "/", stdio: "ignore", ...identity(account) },
  );
}
