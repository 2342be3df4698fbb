// A browser and a page for the tests. Where there is none, the tests are skipped, loudly; in CI that is a failure.

import { existsSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { expect } from "vitest";

/** The shell draws and runs pages as the browser does, without windows, for two fifths less processor time. */
const PATHS = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
/** A crowded machine may take long; a test that waits longer than this has failed. */
export const WAIT_MAX_MS = 20_000;

/** Where the browser is; undefined: nowhere, and the tests are to be skipped. */
export function browserPath(): string | undefined {
  const path = [process.env["CHROMIUM"] ?? "", ...PATHS].find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  const text = "no Chromium was found: the browser tests of the dashboard need one (CHROMIUM)";
  if (process.env["CI"] === "true") throw new Error(text);
  process.stderr.write(`SKIPPED: ${text}\n`);
  return undefined;
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = browserPath();
  if (executablePath === undefined) throw new Error("there is no browser to launch");
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

export interface VisitOptions {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly touch?: boolean;
}

/** A page of its own context; what the console says of errors is kept in `troubles`. */
export interface Visit extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly troubles: readonly string[];
}

export async function visit(
  browser: Browser,
  url: string,
  options: VisitOptions = {},
): Promise<Visit> {
  const width = options.width ?? 1280;
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: options.scheme ?? "light",
    hasTouch: options.touch ?? false,
    reducedMotion: "reduce",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MAX_MS);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  await page.goto(url);
  return { context, page, troubles, [Symbol.asyncDispose]: () => context.close() };
}

/** Nothing is wider than the screen. */
export async function expectNoSidewaysScroll(page: Page, name: string): Promise<void> {
  const widest = await page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return "";
    const over = [...document.querySelectorAll("main *")].filter(
      (element) => element.getBoundingClientRect().right > innerWidth,
    );
    return over.map((element) => `${element.tagName}.${element.className}`).join(" > ");
  });
  expect({ name, widest }).toEqual({ name, widest: "" });
}
