// Pages that are looked at one after the other in one window, with what the browser complains of meanwhile.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { launchBrowser, type Visit, visit } from "./_browser.ts";
import { builtPage } from "./_built-page.ts";

export interface PageCase {
  readonly name: string;
  readonly path: string;
  /** Resolves when all of it is there. */
  readonly ready: (page: Page) => Promise<unknown>;
}

export const heading =
  (name: string | RegExp) =>
  (page: Page): Promise<unknown> =>
    page.getByRole("heading", { name }).first().waitFor();

/** Holds within a test. */
export interface OnePage {
  readonly browser: Browser;
  readonly fake: FakeServer;
  readonly page: Page;
}

/** To be called in a `describe`. One fake and one window for all its tests. */
export function useOnePage(limitMs: number): OnePage {
  let fake: FakeServer;
  let browser: Browser;
  let open: Visit;

  beforeAll(async () => {
    fake = await startFakeServer({ webRoot: await builtPage() });
    browser = await launchBrowser();
    open = await visit(browser, fake.url);
  }, limitMs);

  afterAll(async () => {
    await browser.close();
    await fake[Symbol.asyncDispose]();
    // Refused is what does not exist: a server, an agent.
    expect(open.troubles.filter((text) => !text.includes("404"))).toEqual([]);
  }, limitMs);

  return {
    get browser() {
      return browser;
    },
    get fake() {
      return fake;
    },
    get page() {
      return open.page;
    },
  };
}
