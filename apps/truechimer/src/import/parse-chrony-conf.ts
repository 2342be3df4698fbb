// chrony.conf, and the *.sources files beside it: one directive a line, in letters of any size; a line that begins with
// one of ! ; # % is a comment (chrony.conf(5)).

import type { Finding, NamedAs } from "./finding.ts";
import { serverFinding } from "./server-finding.ts";
import { lineProblem, type TextLine, textLines } from "./text-lines.ts";

const SOURCES: Readonly<Record<string, NamedAs>> = { server: "server", pool: "pool", peer: "peer" };
const FOLLOWED_BY_CHRONYD = new Set(["include", "confdir", "sourcedir"]);

export function parseChronyConf(text: string): readonly Finding[] {
  return textLines(text)
    .filter((line) => !/^[!;#%]/.test(line.text))
    .map(directiveFinding);
}

function directiveFinding(line: TextLine): Finding {
  const problem = lineProblem(line);
  if (problem !== undefined) return { ...line, outcome: "bad", message: problem };
  const [word = "", ...words] = line.text.split(/\s+/);
  const directive = word.toLowerCase();
  const namedAs = Object.hasOwn(SOURCES, directive) ? SOURCES[directive] : undefined;
  if (namedAs !== undefined) return sourceFinding(line, namedAs, words);
  if (FOLLOWED_BY_CHRONYD.has(directive)) {
    const message = `${directive} is not followed: import the files that it names on their own`;
    return { ...line, outcome: "left_out", message };
  }
  if (directive === "refclock") {
    const message = "a reference clock is reached from its own host alone";
    return { ...line, outcome: "left_out", message };
  }
  return { ...line, outcome: "passed_over" };
}

function sourceFinding(line: TextLine, namedAs: NamedAs, words: readonly string[]): Finding {
  const [host = "", ...options] = words;
  const lower = options.map((option) => option.toLowerCase());
  const portAt = lower.indexOf("port");
  const port = portAt < 0 ? undefined : (options[portAt + 1] ?? "");
  return serverFinding(line, { namedAs, host, port, nts: lower.includes("nts") });
}
