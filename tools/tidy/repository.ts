// The repository as the rules see it: every text file with its content, and the workspace packages. Read once; the rules
// are pure functions of it, so that their tests can hand in a repository of three lines.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseModule, type SourceModule } from "./source-module.ts";

export type Repository = {
  /** Absolute path, for the rules that run a program; undefined in tests. */
  readonly root: string | undefined;
  /** Content by path relative to the root, with forward slashes. */
  readonly files: ReadonlyMap<string, string>;
  readonly modules: ReadonlyMap<string, SourceModule>;
  readonly packages: readonly WorkspacePackage[];
};

export type WorkspacePackage = {
  readonly name: string;
  /** Relative to the root, such as "packages/ntp". */
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** Folders that tsconfig.json references, relative to the root. */
  readonly references: readonly string[];
};

const FOLDERS_LEFT_OUT = new Set(["node_modules", "dist", "coverage", ".git", ".truechimer"]);
const TEXT_FILE =
  /(\.(ts|tsx|mjs|json|md|sql|proto|yaml|yml|css|html|txt)|\/run|^LICENSE|ignore|rc)$/;
const MODULE_FILE = /\.(ts|tsx|mjs)$/;
const PACKAGE_MANIFEST = /^((?:packages|testing|apps)\/[^/]+|bench|tools)\/package\.json$/;

export async function readRepository(root: string): Promise<Repository> {
  const paths = await listFiles(root, "");
  const contents = await Promise.all(
    paths.map(
      async (path): Promise<[string, string]> => [path, await readFile(join(root, path), "utf8")],
    ),
  );
  return createRepository(new Map(contents), root);
}

/** A repository from files in memory. */
export function createRepository(files: ReadonlyMap<string, string>, root?: string): Repository {
  const modules = new Map<string, SourceModule>();
  for (const [path, text] of files) {
    if (MODULE_FILE.test(path)) modules.set(path, parseModule(path, text));
  }
  return { root, files, modules, packages: readPackages(files) };
}

/** The package that a file belongs to; undefined for the files of the root. */
export function packageOf(repository: Repository, path: string): WorkspacePackage | undefined {
  return repository.packages.find(({ folder }) => path.startsWith(`${folder}/`));
}

/** Tests, their helpers, and everything else that no user runs. */
export function isTestFile(path: string): boolean {
  return /\.test\.tsx?$|\/tests\/|\/testing\/|\/_[^/]*$|^testing\/|\.bench\.ts$/.test(path);
}

async function listFiles(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const lists = await Promise.all(
    entries.map(async (entry): Promise<readonly string[]> => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile()) return TEXT_FILE.test(path) ? [path] : [];
      if (!entry.isDirectory() || FOLDERS_LEFT_OUT.has(entry.name)) return [];
      return entry.name.startsWith(".dist-") ? [] : await listFiles(root, path);
    }),
  );
  return lists.flat().toSorted();
}

function readPackages(files: ReadonlyMap<string, string>): readonly WorkspacePackage[] {
  const packages: WorkspacePackage[] = [];
  for (const [path, text] of files) {
    const folder = PACKAGE_MANIFEST.exec(path)?.[1];
    if (folder === undefined) continue;
    const manifest = JSON.parse(text) as Manifest;
    packages.push({
      name: manifest.name,
      folder,
      dependencies: Object.keys(manifest.dependencies ?? {}),
      devDependencies: Object.keys(manifest.devDependencies ?? {}),
      references: readReferences(files.get(`${folder}/tsconfig.json`) ?? "{}", folder),
    });
  }
  return packages;
}

type Manifest = {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

function readReferences(text: string, folder: string): readonly string[] {
  const { references = [] } = JSON.parse(text) as { references?: readonly { path: string }[] };
  return references.map(({ path }) => join(folder, path));
}
