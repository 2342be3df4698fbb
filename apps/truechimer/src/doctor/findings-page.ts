// Findings as they are found, and what they come to.

import type { Printer } from "../cli-context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printable } from "../output/style.ts";
import type { DoctorFinding, Health } from "./finding.ts";

export interface FindingsPage {
  readonly tell: (findings: readonly DoctorFinding[]) => void;
  /** Good: nothing worse than a warning. No answer: nothing worse than that somebody could not be reached. */
  end(): ExitCode;
}

export function createFindingsPage(printer: Printer): FindingsPage {
  const found: DoctorFinding[] = [];
  return {
    tell: (findings) => {
      for (const finding of findings) tellFinding(printer, finding);
      found.push(...findings);
    },
    end: () => {
      printer.line(`\n${summary(found)}`);
      return exitCodeFor(found);
    },
  };
}

const WORDS: Readonly<Record<Health, string>> = {
  ok: "ok",
  warning: "warning",
  problem: "problem",
  unreachable: "no answer",
};
const WORD_WIDTH = 9;
const WHAT_WIDTH = 11;

function tellFinding(
  printer: Printer,
  { what, health, found, expected, remedy }: DoctorFinding,
): void {
  const { green, yellow, red, dim } = printer.style;
  const colour = health === "ok" ? green : health === "warning" ? yellow : red;
  const word = colour(WORDS[health].padEnd(WORD_WIDTH));
  printer.line(`${word} ${what.padEnd(WHAT_WIDTH)} ${printable(found)}`);
  const indent = " ".repeat(WORD_WIDTH + WHAT_WIDTH + 2);
  if (health !== "ok" && expected !== undefined) {
    printer.line(dim(`${indent}expected: ${expected}`));
  }
  if (remedy !== undefined) printer.line(dim(`${indent}→ ${remedy}`));
  printer.json({
    check: what,
    health,
    found,
    ...(expected === undefined ? {} : { expected }),
    remedy: remedy ?? null,
  });
}

function exitCodeFor(findings: readonly DoctorFinding[]): ExitCode {
  if (findings.some(({ health }) => health === "problem")) return EXIT.bad;
  return findings.some(({ health }) => health === "unreachable") ? EXIT.noAnswer : EXIT.good;
}

function summary(findings: readonly DoctorFinding[]): string {
  const count = (...healths: readonly Health[]): number =>
    findings.filter(({ health }) => healths.includes(health)).length;
  const bad = count("problem", "unreachable");
  const warnings = count("warning");
  if (bad === 0 && warnings === 0) return "Everything that was looked at is well.";
  return `${bad} ${bad === 1 ? "problem" : "problems"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}; what to do stands behind each arrow.`;
}
