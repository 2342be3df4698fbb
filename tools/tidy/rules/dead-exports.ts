// An export that no other file imports, and a file that none does, is something to delete. A package's index is for the
// other packages: what it exports is alive when one of them imports it, when the package's README speaks of it, or when
// at least a test or a neighbour uses it. Types stand beside the functions whose signatures need them.

import { posix } from "node:path";
import { packageOf, type Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";
import type { ModuleExport, SourceModule } from "../source-module.ts";

export const deadExports: Rule = { name: "dead-exports", findings: findDeadExports };

/** Files that something other than an import starts. */
const STARTED =
  /^\.ci\/|(\/|^)((agent-)?main|run|[^/]*\.config)\.(ts|tsx|mjs)$|\.test\.tsx?$|\.bench\.ts$|global-setup\.ts$|^tools\/setup\/postgres\.mjs$/;

function findDeadExports(repository: Repository): readonly Finding[] {
  const uses = collectUses(repository);
  const findings: Finding[] = [];
  for (const module of repository.modules.values()) {
    const { path } = module;
    if (STARTED.test(path)) continue;
    const isIndex = path.endsWith("/src/index.ts");
    const used = uses.get(path);
    if (used === undefined && !isIndex) {
      findings.push({ path, text: "no file imports this one" });
      continue;
    }
    if (used?.has("*") === true) continue;
    for (const one of module.exports) {
      if (used?.has(one.name) === true || one.name === "*") continue;
      const alive = isIndex
        ? isAliveBehindIndex(repository, uses, module, one)
        : isSignatureType(module, one);
      if (!alive) findings.push({ path, line: one.line, text: `nothing imports ${one.name}` });
    }
  }
  return findings;
}

/** A type that the rest of its own file speaks of is part of a signature there. */
function isSignatureType({ text }: SourceModule, { name, isType }: ModuleExport): boolean {
  return isType && [...text.matchAll(new RegExp(`\\b${name}\\b`, "g"))].length > 1;
}

function isAliveBehindIndex(
  repository: Repository,
  uses: Uses,
  index: SourceModule,
  { name, isType, from }: ModuleExport,
): boolean {
  if (isType || readmeOf(repository, index.path).includes(name)) return true;
  if (from === undefined) return false;
  const origin = posix.join(posix.dirname(index.path), from);
  const users = uses.get(origin)?.get(name) ?? [];
  return users.some((user) => user !== index.path) || isTypeIn(repository, origin, name);
}

/** Which files import a name, by the path it is imported from. The name "*" stands for all of them. */
type Uses = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

function collectUses(repository: Repository): Uses {
  const entries = new Map(repository.packages.flatMap((one) => entriesOf(repository, one)));
  const uses = new Map<string, Map<string, string[]>>();
  const note = (path: string, target: string, names: readonly string[]): void => {
    const known = uses.get(target) ?? new Map<string, string[]>();
    for (const name of names) known.set(name, [...(known.get(name) ?? []), path]);
    uses.set(target, known);
  };
  for (const { path, imports, mentions } of repository.modules.values()) {
    const beside = (relative: string): string => posix.join(posix.dirname(path), relative);
    for (const mention of mentions) note(path, beside(mention), ["*"]);
    for (const { specifier, names } of imports) {
      const target = specifier.startsWith(".") ? beside(specifier) : entries.get(specifier);
      if (target !== undefined) note(path, target, names);
    }
  }
  return uses;
}

/** What a package is imported by, and the file behind it: its index, and what else it exports by a path. */
function entriesOf(
  { files }: Repository,
  { name, folder }: Repository["packages"][number],
): readonly (readonly [string, string])[] {
  const manifest = JSON.parse(files.get(`${folder}/package.json`) ?? "{}") as Manifest;
  const paths = Object.entries(manifest.exports ?? {}).flatMap(([path, { source }]) =>
    source === undefined ? [] : [[posix.join(name, path), posix.join(folder, source)] as const],
  );
  return [[name, `${folder}/src/index.ts`], ...paths];
}

interface Manifest {
  readonly exports?: Readonly<Record<string, { readonly source?: string }>>;
}

function readmeOf(repository: Repository, path: string): string {
  return repository.files.get(`${packageOf(repository, path)?.folder ?? ""}/README.md`) ?? "";
}

/** `export { X } from "./x.ts"` does not say by itself that X is a type. */
function isTypeIn(repository: Repository, path: string, name: string): boolean {
  const origin = repository.modules.get(path);
  return origin?.exports.some((one) => one.name === name && one.isType) === true;
}
