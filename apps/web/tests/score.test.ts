// Why a score is what it is, against the fake: from the server's page to the votes, to one monitor's steps, to a check.

import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("a score explained", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  test("from the server's page to its votes, to the steps of one monitor, to a check", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1`);
    const { page } = open;
    await page.getByRole("link", { name: "why this score" }).click();
    await page.getByRole("heading", { level: 1, name: /^Why / }).waitFor();
    const votes = page.locator("table.votes");
    await votes.getByText("chosen").waitFor();
    expect(await votes.locator("tr.is-chosen").count()).toBe(1);
    await page.getByRole("img", { name: /steps from .* of them downwards/ }).waitFor();
    const monitor = await votes.locator("tbody th a").first().textContent();
    await votes.locator("tbody th a").first().click();
    await page
      .getByRole("heading", { level: 1, name: new RegExp(`^Why .* from ${monitor ?? ""}`) })
      .waitFor();
    await expect.poll(() => page.url(), PATIENTLY).toContain("/score?monitor=");
    await page.locator("table.ledger tbody th a").first().click();
    await page.getByRole("heading", { level: 1, name: /Check/ }).waitFor();
  });

  test("a server that does not exist, and an address that is none, say so", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/99999/score`);
    await open.page.getByText("There is no such server").waitFor();
    await open.page.goto(`${use.fake.url}/servers/none/score`);
    await open.page.getByText("That is no server's address").waitFor();
  });

  test.each([
    { width: 390, colorScheme: "light" as const },
    { width: 1_280, colorScheme: "dark" as const },
  ])(
    "axe finds nothing at $width in $colorScheme, and nothing goes sideways",
    async ({ width, colorScheme }) => {
      await using open = await visit(use.browser, `${use.fake.url}/servers/2/score`);
      const { page } = open;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.locator("table.ledger tbody tr").first().waitFor();
      expect(await axeFindings(page)).toEqual([]);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
    },
  );
});
