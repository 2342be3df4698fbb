// A page in every layout that it has, loaded once: narrow and wide, light and dark. axe finds nothing, nothing scrolls sideways.

import type { Page } from "playwright-core";
import { expect, vi } from "vitest";
import { axeFindings, RULES_OF_COLOURS } from "./_axe.ts";
import { expectNoSidewaysScroll } from "./_browser.ts";

interface Layout {
  readonly width: number;
  readonly scheme: "light" | "dark";
  readonly axe: "every rule" | "colours" | "nothing";
}

/** What axe looks at depends on the layout, narrow or wide, and what it finds of colours on the scheme as well. */
const LAYOUTS: readonly Layout[] = [
  { width: 390, scheme: "light", axe: "every rule" },
  { width: 390, scheme: "dark", axe: "colours" },
  { width: 768, scheme: "dark", axe: "nothing" },
  { width: 2560, scheme: "dark", axe: "nothing" },
  { width: 1280, scheme: "dark", axe: "colours" },
  { width: 1280, scheme: "light", axe: "every rule" },
];
const SETTLED_MS_MAX = 5_000;

/** @param name of the page, in what is told of it */
export async function expectGoodInEveryLayout(page: Page, name: string): Promise<void> {
  for (const layout of LAYOUTS) {
    const { width, scheme, axe } = layout;
    await page.setViewportSize({ width, height: width < 600 ? 844 : 900 });
    await page.emulateMedia({ colorScheme: scheme });
    await drawn(page);
    if (axe !== "nothing") {
      const rules = axe === "colours" ? RULES_OF_COLOURS : undefined;
      const findings = await axeFindings(page, rules);
      expect({ name, ...layout, findings }).toEqual({ name, ...layout, findings: [] });
    }
    // What comes with the width, as more rows do, may come a moment later.
    await vi.waitFor(() => expectNoSidewaysScroll(page, `${name} at ${width} pixels`), {
      timeout: SETTLED_MS_MAX,
    });
  }
}

/** Two frames later: what hears of the first draws in it. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );
}
