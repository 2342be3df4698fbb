// Imports go downwards; docs/architecture.md has the picture. A package that is not in the table yet has no layer, which
// is a finding of its own: a new package says where it stands.

import { isTestFile, packageOf, type Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

const PREFIX = "@truechimer/";

const LAYERS: ReadonlyMap<string, number> = new Map([
  ["packages/base", 0],
  ["packages/ntp", 1],
  ["packages/nts", 1],
  ["packages/pki", 1],
  ["packages/scoring", 1],
  ["packages/filter", 1],
  ["packages/alerts", 1],
  ["packages/selection", 1],
  ["packages/fault", 1],
  ["packages/history", 1],
  ["packages/api", 1],
  ["packages/udp", 2],
  ["packages/lab", 2],
  ["packages/database", 2],
  ["packages/mqtt", 2],
  ["packages/telemetry", 2],
  ["packages/agent", 3],
  ["packages/server", 3],
  ["apps/truechimer", 4],
  ["apps/web", 4],
  ["bench", 4],
  ["tools", 4],
]);

/** Within a layer only along the flow of a measurement. Between agent and server: never. */
const SIDEWAYS: ReadonlySet<string> = new Set([
  "packages/scoring -> packages/ntp",
  "packages/filter -> packages/ntp",
  "packages/filter -> packages/scoring",
  "packages/filter -> packages/fault",
  "packages/filter -> packages/api",
  "packages/selection -> packages/scoring",
  "packages/history -> packages/ntp",
  "packages/history -> packages/scoring",
  "packages/lab -> packages/udp",
]);

/** The dashboard is a client of the API and nothing more; the filter language is a part of the API. */
const WEB_MAY_IMPORT: ReadonlySet<string> = new Set([
  "packages/api",
  "packages/base",
  "packages/filter",
]);

/** Whether a package's folder, such as "packages/ntp", stands in this layer or below. */
export function isAtMostLayer(folder: string, layer: number): boolean {
  return (LAYERS.get(folder) ?? Number.POSITIVE_INFINITY) <= layer;
}

export const layers: Rule = { name: "layers", findings: findLayerBreaks };

function findLayerBreaks(repository: Repository): readonly Finding[] {
  const folders = new Map(repository.packages.map(({ name, folder }) => [name, folder]));
  const findings: Finding[] = [];
  for (const { path, imports } of repository.modules.values()) {
    if (isTestFile(path)) continue;
    const from = packageOf(repository, path)?.folder;
    if (from === undefined) continue;
    for (const { specifier, line } of imports) {
      const to = folders.get(specifier);
      if (!specifier.startsWith(PREFIX) || to === undefined) continue;
      const text = layerBreak(from, to);
      if (text !== undefined) findings.push({ path, line, text });
    }
  }
  return [...findings, ...missingInPicture(repository)];
}

const PICTURE = "docs/architecture.md";

/** Each package stands in the picture, with its layer. */
function missingInPicture({ files, packages }: Repository): readonly Finding[] {
  const picture = files.get(PICTURE);
  if (picture === undefined) return [];
  return packages.flatMap(({ folder }) => {
    const name = folder.replace(/^packages\//, "");
    const layer = LAYERS.get(folder);
    if (name === folder || layer === undefined) return [];
    if (new RegExp(`^ +${name} +${layer} `, "m").test(picture)) return [];
    return [{ path: PICTURE, line: 1, text: `${folder} (layer ${layer}) is not in the picture` }];
  });
}

function layerBreak(from: string, to: string): string | undefined {
  if (to.startsWith("testing/")) {
    return from === "bench" ? undefined : `only tests import ${to}`;
  }
  if (from === "apps/web" && !WEB_MAY_IMPORT.has(to)) return `the dashboard may not import ${to}`;
  const fromLayer = LAYERS.get(from);
  const toLayer = LAYERS.get(to);
  if (fromLayer === undefined) return `${from} has no layer: add it to the table of this rule`;
  if (toLayer === undefined) return `${to} has no layer: add it to the table of this rule`;
  if (toLayer < fromLayer || SIDEWAYS.has(`${from} -> ${to}`)) return undefined;
  return `${from} (layer ${fromLayer}) may not import ${to} (layer ${toLayer})`;
}
