// Movers and scores, against the fake.

import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("movers and scores", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  test("who has grown the most is named, with measure and range in the address", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map`);
    const { page } = open;
    await page.getByRole("link", { name: "Movers and scores" }).click();
    await page.getByRole("heading", { level: 1, name: "Movers and scores" }).waitFor();
    await page.getByRole("img", { name: /^By score: −100 to −50: / }).waitFor();
    await page.getByText(/servers? without a value in one of the two times/).waitFor();
    await page.getByRole("button", { name: "Delay" }).click();
    // The fake's round trips go up and down by chance: that all have fallen is rare, and said.
    const sentence = page.getByText(/^The delay of (\S+ has grown the most|none) of \d+.servers/);
    await sentence.waitFor();
    const hasGrown = (await sentence.textContent())?.includes("has grown the most") === true;
    const changes = page.locator(".movers-table tbody tr td:first-of-type");
    expect((await changes.count()) > 0).toBe(hasGrown);
    for (const change of await changes.allTextContents()) expect(change).toMatch(/^\+\d/);
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    await page.getByRole("heading", { name: /against the 1.h before/ }).waitFor();
    const parameters = new URL(page.url()).searchParams;
    expect([parameters.get("measure"), parameters.get("range")]).toEqual(["delay", "1h"]);
  });

  test("a time that the memory does not reach is said, and a failure can be tried again", async () => {
    use.fake.admin.fail("getMovers", { code: 8, appCode: "limit_exceeded", message: "too many" });
    await using open = await visit(use.browser, `${use.fake.url}/movers?range=24h`);
    const { page } = open;
    await page.getByText("The movers could not be read").waitFor();
    use.fake.admin.fail("getMovers", undefined);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText(/Only a part of what was asked for/).waitFor();
    await expect.poll(() => page.locator("svg[role=img]").count(), PATIENTLY).toBe(1);
  });

  test.each([
    { width: 390, scheme: "light" as const },
    { width: 390, scheme: "dark" as const },
    { width: 1_280, scheme: "light" as const },
    { width: 1_280, scheme: "dark" as const },
  ])("axe finds nothing at $width, $scheme", async ({ width, scheme }) => {
    const url = `${use.fake.url}/movers?range=6h&measure=delay`;
    await using open = await visit(use.browser, url, { width, scheme });
    const { page, troubles } = open;
    await page.locator(".movers-table tbody tr").first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, url);
    expect(troubles).toEqual([]);
  });
});
