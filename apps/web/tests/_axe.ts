// What axe finds on a page as it stands. Our pages have no frames, so axe runs in the page itself, which is brought its code once:
// the package that drives it from outside brings it again each time, opens a page for the result, and takes ten times as long.

import axe, { type AxeResults, type RunOptions } from "axe-core";
import type { Page } from "playwright-core";

/** Those that look at colours: all others find the same in light and dark. */
export const RULES_OF_COLOURS: readonly string[] = ["color-contrast", "link-in-text-block"];

/** One text for each rule that is broken. @param rules default: all that axe has on */
export async function axeFindings(
  page: Page,
  rules?: readonly string[],
): Promise<readonly string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const options: RunOptions = {
    resultTypes: ["violations"],
    ...(rules !== undefined && { runOnly: [...rules] }),
  };
  const violations = await page.evaluate(async (given) => {
    const { axe: inPage } = globalThis as unknown as { readonly axe: typeof axe };
    return (await inPage.run(document, given)).violations;
  }, options);
  return violations.map(textOf);
}

function textOf({ id, nodes }: AxeResults["violations"][number]): string {
  return `${id}: ${nodes[0]?.html ?? ""} ${nodes[0]?.failureSummary ?? ""}`;
}
