// What a package of the lower layers exports is read by people who do not know its code, so four of five exports have a
// sentence: what it means, in which unit, within which limits, from which section. The fifth says all by its name.

import { isTestFile, type Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";
import { isAtMostLayer } from "./layers.ts";

export const exportSentences: Rule = { name: "export-sentences", findings: findSilentPackages };

const SHARE_MIN = 0.8;
const LAYER_MAX = 2;
const NAMED_MAX = 12;

/** Names that are explained elsewhere: tables by the comments of the migrations, constants by Linux and the X.509 family. */
const EXPLAINED_ELSEWHERE: ReadonlySet<string> = new Set([
  "packages/database/src/schema.ts",
  "packages/pki/src/object-identifiers.ts",
  "packages/udp/src/kernel/linux-constants.ts",
]);

function findSilentPackages(repository: Repository): readonly Finding[] {
  return repository.packages
    .filter(({ folder }) => isAtMostLayer(folder, LAYER_MAX))
    .flatMap(({ folder }) => {
      const exported = ownExports(repository, folder);
      const silent = exported.filter(({ hasSentence }) => !hasSentence);
      const share = 1 - silent.length / exported.length;
      if (exported.length === 0 || share >= SHARE_MIN) return [];
      const named = silent.slice(0, NAMED_MAX).map(({ name, file }) => `${name} (${file})`);
      const more = silent.length > NAMED_MAX ? `, and ${silent.length - NAMED_MAX} others` : "";
      const text = `${Math.floor(share * 100)} % of ${exported.length} exports have a sentence, and ${SHARE_MIN * 100} % is the least; without one: ${named.join(", ")}${more}`;
      return [{ path: folder, text }];
    });
}

interface OwnExport {
  readonly name: string;
  readonly file: string;
  readonly hasSentence: boolean;
}

/** Without what is exported on, generated, or for tests. */
function ownExports(repository: Repository, folder: string): readonly OwnExport[] {
  const sources = [...repository.modules.values()].filter(
    ({ path }) =>
      path.startsWith(`${folder}/src/`) &&
      !path.includes("/gen/") &&
      !isTestFile(path) &&
      !EXPLAINED_ELSEWHERE.has(path),
  );
  return sources.flatMap(({ path, exports }) =>
    exports
      .filter(({ from }) => from === undefined)
      .map(({ name, hasSentence }) => ({
        name,
        file: path.slice(`${folder}/src/`.length),
        hasSentence,
      })),
  );
}
