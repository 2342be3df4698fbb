// How one server's offsets are distributed and how stable it is, against the fake.

import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("distribution", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  test("from the server's page to its percentiles and its Allan deviation, narrowed by a filter", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/4`);
    const { page } = open;
    await page.getByRole("link", { name: "distribution and stability" }).click();
    await page
      .getByRole("heading", { level: 1, name: "Distribution and stability of fast40.lab" })
      .waitFor();
    const offsets = page.getByRole("img", { name: /^Offsets: .* median \+40/ });
    await offsets.waitFor();
    await page.getByRole("img", { name: /^Allan deviation\. At its most stable/ }).waitFor();
    expect(await page.locator(".allan-table tbody tr").count()).toBe(8);
    await page.getByText("Show as a table").click();
    expect(await page.locator("details.as-table tbody tr").count()).toBeGreaterThan(30);
    const before = await offsets.getAttribute("aria-label");
    await page.getByLabel("Search checks").fill("monitor:zurich");
    await expect.poll(() => offsets.getAttribute("aria-label"), PATIENTLY).not.toBe(before);
    expect(new URL(page.url()).searchParams.get("q")).toBe("monitor:zurich");
  });

  test("a server that never answered says so, and one that is none, too", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/8/distribution?range=1h`);
    const { page } = open;
    await page.getByText("No check succeeded in this range.").first().waitFor();
    await page.getByText("No offsets in this range.").waitFor();
    await page.goto(`${use.fake.url}/servers/999/distribution`);
    await page.getByText("there is no server with the id 999").waitFor();
    await page.goto(`${use.fake.url}/servers/none/distribution`);
    await page.getByText("That is no server's address").waitFor();
  });

  test.each([
    { width: 390, scheme: "light" as const },
    { width: 390, scheme: "dark" as const },
    { width: 1_280, scheme: "light" as const },
    { width: 1_280, scheme: "dark" as const },
  ])("axe finds nothing at $width, $scheme", async ({ width, scheme }) => {
    const url = `${use.fake.url}/servers/2/distribution?range=6h`;
    await using open = await visit(use.browser, url, { width, scheme });
    const { page, troubles } = open;
    await page.locator(".allan-table tbody tr").first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, url);
    expect(troubles).toEqual([]);
  });
});
