// Places to look, which fail nothing: the longest functions and files, and how many exports carry a sentence.

import { isTestFile, type Repository } from "./repository.ts";

const LISTED = 10;
const DOCUMENTED_LAYERS = /^packages\/(?!agent|server|api)/;

export function describeLongest(repository: Repository): readonly string[] {
  const modules = [...repository.modules.values()].filter(
    ({ path }) => !isTestFile(path) && !path.includes("/src/gen/"),
  );
  const functions = modules
    .flatMap(({ path, functions: found }) => found.map((one) => ({ ...one, path })))
    .toSorted((one, other) => other.lines - one.lines)
    .slice(0, LISTED);
  const files = modules
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .toSorted((one, other) => other.lines - one.lines)
    .slice(0, LISTED);
  return [
    "longest functions",
    ...functions.map(({ path, name, line, lines }) => `${pad(lines)} ${path}:${line} ${name}`),
    "longest files",
    ...files.map(({ path, lines }) => `${pad(lines)} ${path}`),
    documentedShare(repository),
  ];
}

function documentedShare({ modules }: Repository): string {
  const exports = [...modules.values()]
    .filter(({ path }) => DOCUMENTED_LAYERS.test(path) && !isTestFile(path))
    .flatMap((module) => module.exports)
    .filter(({ from }) => from === undefined);
  const documented = exports.filter(({ hasSentence }) => hasSentence).length;
  const share = exports.length === 0 ? 100 : Math.round((100 * documented) / exports.length);
  return `exports of layers 0 to 2 with a sentence: ${share} % of ${exports.length}`;
}

function pad(lines: number): string {
  return String(lines).padStart(6);
}
