// What the documents say to type: blocks of commands, and commands within a sentence.

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../../", import.meta.url);

/** A fenced block of a shell, whole. */
export interface CommandBlock {
  /** From the root: "docs/tutorial.md". */
  readonly document: string;
  /** Of its first command, from 1. */
  readonly line: number;
  readonly text: string;
}

/** A call of `truechimer` anywhere: in a block, or in a sentence between grave accents. */
export interface DocumentedCommand {
  readonly document: string;
  readonly line: number;
  /** After the program's name. */
  readonly words: readonly string[];
  /** In a block it is whole; in a sentence it may be a name alone, or leave out what it is about. */
  readonly whole: boolean;
}

const DIRECTORIES = ["", "docs/", "docs/how-to/", "docs/reference/", "docs/explanation/"];

/** All that people read, by their paths from the root. */
export async function readDocuments(): Promise<ReadonlyMap<string, string>> {
  const documents = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    for (const name of (await readdir(new URL(directory || ".", ROOT))).toSorted()) {
      if (!name.endsWith(".md")) continue;
      const path = `${directory}${name}`;
      documents.set(path, await readFile(fileURLToPath(new URL(path, ROOT)), "utf8"));
    }
  }
  return documents;
}

/** The blocks of a shell in a document, in their order. */
export function commandBlocks(document: string, text: string): readonly CommandBlock[] {
  const blocks: CommandBlock[] = [];
  for (const found of text.matchAll(/^( *)```(?:sh|bash)\n(.*?)^ *```$/gms)) {
    const [, indent = "", body = ""] = found;
    const line = text.slice(0, found.index).split("\n").length + 1;
    const outdented = body.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    blocks.push({ document, line, text: outdented });
  }
  return blocks;
}

/** The calls of `truechimer` in a document; what is left open ("…", "a|b") is no call. */
export function documentedCommands(document: string, text: string): readonly DocumentedCommand[] {
  const inBlocks = commandBlocks(document, text).flatMap((block) =>
    block.text
      .replaceAll(/\\\n */g, " ")
      .split("\n")
      .flatMap((each, at) => {
        const typed = /^(?:npm run (?:-s )?truechimer --|truechimer) (.*)$/.exec(each)?.[1];
        if (typed === undefined) return [];
        return [{ document, line: block.line + at, words: shellWords(typed), whole: true }];
      }),
  );
  const inSentences = [...text.matchAll(/`truechimer ([^`\n]+)`/g)].flatMap((found) => {
    const [, typed = ""] = found;
    if (/[…|[\]]/.test(typed)) return [];
    const line = text.slice(0, found.index).split("\n").length;
    return [{ document, line, words: shellWords(typed), whole: false }];
  });
  return [...inBlocks, ...inSentences];
}

/** As a shell splits them, up to a pipe, a redirection or a comment. Variables stay as they are written. */
export function shellWords(typed: string): readonly string[] {
  const words: string[] = [];
  for (const [part] of typed.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (/^(?:[|>#]|&&|2>)/.test(part)) break;
    words.push(part.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
  }
  return words;
}
