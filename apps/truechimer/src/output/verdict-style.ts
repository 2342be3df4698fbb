// The four verdicts in their colours. The word is always there too.

import type { Style } from "./style.ts";

/** A verdict, or any word of a check's outcome, coloured by what it means. */
export function verdictText(verdict: string, style: Style): string {
  switch (verdict) {
    case "truechimer":
      return style.green(verdict);
    case "falseticker":
      return style.red(verdict);
    case "unreachable":
      return style.magenta(verdict);
    default:
      return style.yellow(verdict);
  }
}
