// Links between documents lead somewhere: the file is there, and so is the heading. The code's comments count as well
// where they name a document.

import { posix } from "node:path";
import { isTestFile, type Repository } from "../repository.ts";
import { type Finding, matchFindings, type Rule } from "../rule.ts";

const LINK = /\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)/g;
const NAMED_DOCUMENT = /\bdocs\/[\w/-]+\.md\b/g;
const CODE_BLOCK = /^```[\s\S]*?^```/gm;

export const deadLinks: Rule = { name: "dead-links", findings: findDeadLinks };

function findDeadLinks(repository: Repository): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of repository.files) {
    if (path.endsWith(".md")) {
      const judge = ([, target = "", anchor]: RegExpExecArray): string | undefined =>
        deadLink(repository, path, target, anchor);
      findings.push(...matchFindings({ path, text: blank(text), pattern: LINK, judge }));
    } else if (/\.(ts|tsx|mjs|sql|proto)$/.test(path) && !isTestFile(path)) {
      const judge = ([named]: RegExpExecArray): string | undefined =>
        repository.files.has(named) ? undefined : `${named} does not exist`;
      findings.push(...matchFindings({ path, text, pattern: NAMED_DOCUMENT, judge }));
    }
  }
  return findings;
}

function deadLink(
  repository: Repository,
  path: string,
  target: string,
  anchor: string | undefined,
): string | undefined {
  const file = target === "" ? path : posix.join(posix.dirname(path), target);
  const text = repository.files.get(file);
  if (text === undefined) {
    const folder = `${file.replace(/\/$/, "")}/`;
    const isFolder = [...repository.files.keys()].some((known) => known.startsWith(folder));
    return isFolder || /\.(png|svg|jpg)$/.test(file) ? undefined : `${target} does not exist`;
  }
  if (anchor === undefined || !file.endsWith(".md")) return undefined;
  return headingAnchors(text).has(anchor) ? undefined : `${file} has no heading #${anchor}`;
}

/** Anchors as the common forges make them from headings. */
function headingAnchors(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ""] of blank(text).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    anchors.add(
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    );
  }
  return anchors;
}

/** Without code blocks, whose brackets are no links; lines keep their numbers. */
function blank(text: string): string {
  return text.replaceAll(CODE_BLOCK, (block) => block.replaceAll(/[^\n]/g, ""));
}
