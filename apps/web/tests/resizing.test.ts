// A picture is drawn anew in the frame in which its page became narrower: what is seen then is what a screenshot, a
// print or a turned telephone shows.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { browserPath, launchBrowser, visit } from "./_browser.ts";
import { builtPage } from "./_built-page.ts";

const LIMIT_MS = 90_000;

interface Seen {
  readonly place: number;
  readonly picture: number;
  /** How far the mark that stands farthest to the right reaches beyond its place. */
  readonly beyond: number;
}

/** Narrows the picture's place and reads, in the frame that draws it so, how wide the picture is. */
async function seenWhenNarrowed(page: Page, selector: string): Promise<Seen> {
  return await page.evaluate(async (wanted) => {
    const place = document.querySelector<HTMLElement>(wanted);
    if (place === null) throw new Error(`there is no ${wanted}`);
    const { promise, resolve } = Promise.withResolvers<Seen>();
    const before = place.clientWidth;
    // Asked after the page's own observer, which was there first, and before the frame is painted.
    new ResizeObserver(() => {
      if (place.clientWidth === before) return;
      const right = place.getBoundingClientRect().right;
      const marks = [...place.querySelectorAll(".axis-mark-hit")].map(
        (mark) => mark.getBoundingClientRect().right - right,
      );
      resolve({
        place: place.clientWidth,
        picture: place.querySelector("svg")?.getBoundingClientRect().width ?? 0,
        beyond: Math.max(0, ...marks),
      });
    }).observe(place);
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    const main = document.querySelector<HTMLElement>("main");
    main?.style.setProperty("width", "400px");
    return await promise;
  }, selector);
}

describe.skipIf(browserPath() === undefined)("a page that narrows", { timeout: LIMIT_MS }, () => {
  let browser: Browser;
  let fake: FakeServer;

  beforeAll(async () => {
    fake = await startFakeServer({ webRoot: await builtPage() });
    browser = await launchBrowser();
  }, LIMIT_MS);

  afterAll(async () => {
    await browser.close();
    await fake[Symbol.asyncDispose]();
  }, LIMIT_MS);

  test("shows the offset axis at its new width in the same frame, its marks in their new places", async () => {
    await using open = await visit(browser, fake.url);
    await open.page.locator(".axis-mark").first().waitFor();
    // With motion allowed, too: a width is no motion.
    await open.page.emulateMedia({ reducedMotion: "no-preference" });
    const seen = await seenWhenNarrowed(open.page, ".axis-picture");
    expect(seen.picture).toBe(seen.place);
    expect(seen.beyond).toBeLessThanOrEqual(0);
  });

  test("shows the exchange of a check at its new width in the same frame", async () => {
    await using open = await visit(browser, `${fake.url}/servers/11`);
    await open.page.locator(".checks tbody a").first().click();
    await open.page.locator(".exchange-picture svg").waitFor();
    const seen = await seenWhenNarrowed(open.page, ".exchange-picture");
    expect(seen.picture).toBe(seen.place);
  });
});
