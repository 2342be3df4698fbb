// ntp.conf, of the reference implementation and of NTPsec: one command a line, # begins a comment anywhere (ntp.conf(5)).

import type { Finding, NamedAs } from "./finding.ts";
import { serverFinding } from "./server-finding.ts";
import { lineProblem, type TextLine, textLines } from "./text-lines.ts";

const SOURCES: Readonly<Record<string, NamedAs>> = { server: "server", pool: "pool", peer: "peer" };
const FOLLOWED_BY_NTPD = new Set(["includefile", "include"]);
/** No server is named by them: whoever answers is taken. */
const UNNAMED = new Set([
  "broadcast",
  "broadcastclient",
  "manycastclient",
  "manycastserver",
  "multicastclient",
]);
/** "127.127.t.u" is the reference clock of type t, unit u. */
const REFERENCE_CLOCK = /^127\.127\.\d+\.\d+$/;

export function parseNtpConf(text: string): readonly Finding[] {
  return textLines(text).flatMap((line) => {
    const words = wordsOf(line.text);
    return words.length === 0 ? [] : [commandFinding(line, words)];
  });
}

function wordsOf(text: string): readonly string[] {
  return text
    .replace(/#.*$/s, "")
    .split(/\s+/)
    .map((word) => word.replace(/^"(.*)"$/, "$1"))
    .filter((word) => word !== "");
}

function commandFinding(line: TextLine, [word = "", ...words]: readonly string[]): Finding {
  const problem = lineProblem(line);
  if (problem !== undefined) return { ...line, outcome: "bad", message: problem };
  const leftOut = (message: string): Finding => ({ ...line, outcome: "left_out", message });
  const command = word.toLowerCase();
  const namedAs = Object.hasOwn(SOURCES, command) ? SOURCES[command] : undefined;
  if (namedAs !== undefined) return sourceFinding(line, namedAs, words);
  if (FOLLOWED_BY_NTPD.has(command)) {
    return leftOut(`${command} is not followed: import the file that it names on its own`);
  }
  if (command === "refclock") return leftOut(HOST_ALONE);
  if (UNNAMED.has(command)) return leftOut(`${command} names no server: whoever answers is taken`);
  return { ...line, outcome: "passed_over" };
}

const HOST_ALONE = "a reference clock is reached from its own host alone";

function sourceFinding(line: TextLine, namedAs: NamedAs, words: readonly string[]): Finding {
  // -4 and -6 choose a family; here each address of a name is watched.
  const [host = "", ...options] = words.filter((word) => word !== "-4" && word !== "-6");
  if (REFERENCE_CLOCK.test(host)) return { ...line, outcome: "left_out", message: HOST_ALONE };
  const lower = options.map((option) => option.toLowerCase());
  return serverFinding(line, { namedAs, host, nts: lower.includes("nts") });
}
