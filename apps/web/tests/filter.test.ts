// The search boxes speak the filter language: completion, errors that point at the character, addresses.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { axeFindings } from "./_axe.ts";
import {
  browserPath,
  expectNoSidewaysScroll,
  launchBrowser,
  visit,
  WAIT_MAX_MS,
} from "./_browser.ts";
import { builtPage } from "./_built-page.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("filters", { timeout: LIMIT_MS }, () => {
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

  const names = (page: Page): Promise<readonly string[]> =>
    page.locator(".servers-table tbody th a").allTextContents();
  const box = (page: Page, label = "Search servers"): ReturnType<Page["getByRole"]> =>
    page.getByRole("combobox", { name: label });

  test("what is typed is completed by the keyboard, filters at once, and stands in the address", async () => {
    await using open = await visit(browser, `${fake.url}/servers`);
    const { page } = open;
    await box(page).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("verd");
    await page.getByRole("option", { name: /^verdict / }).waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await box(page).getAttribute("aria-activedescendant")).not.toBeNull();
    await page.keyboard.press("Enter");
    expect(await box(page).inputValue()).toBe("verdict");
    await page.keyboard.type(":fal");
    await page.getByRole("option", { name: /^falseticker/ }).click();
    expect(await box(page).inputValue()).toBe("verdict:falseticker");
    await expect.poll(() => names(page), PATIENTLY).toContain("ahead2s.lab");
    expect(await names(page)).not.toContain("truth1.lab");
    await page.keyboard.type(" offset>1");
    await page.getByRole("option", { name: /^1s/ }).waitFor();
    await page.keyboard.type("s");
    await expect.poll(() => names(page), PATIENTLY).toEqual(["ahead2s.lab"]);
    const address = new URL(page.url());
    expect(address.searchParams.get("q")).toBe("verdict:falseticker offset>1s");
    await using other = await visit(browser, address.href);
    await expect.poll(() => names(other.page), PATIENTLY).toEqual(["ahead2s.lab"]);
    expect(open.troubles).toEqual([]);
  });

  test("the back key is not filled with every letter, and Escape closes the list before it leaves the field", async () => {
    await using open = await visit(browser, `${fake.url}/servers`);
    const { page } = open;
    await box(page).fill("st");
    await page.getByRole("listbox").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("listbox").count(), PATIENTLY).toBe(0);
    expect(await box(page).inputValue()).toBe("st");
    expect(await box(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("Escape");
    expect(await box(page).evaluate((element) => element === document.activeElement)).toBe(false);
  });

  for (const width of [390, 1280]) {
    test(`an error points at the character and keeps the rows, and axe is satisfied at ${width} pixels`, async () => {
      await using open = await visit(browser, `${fake.url}/servers?q=stratum%3A1`, { width });
      const { page } = open;
      await box(page).waitFor();
      const before = await names(page);
      await box(page).fill("stratum:1 offset>5");
      const problem = page.getByText(/Character 18: "5" is no value of offset: expected a unit/);
      await problem.waitFor();
      expect(await page.locator(".filter-problem mark").textContent()).toBe("5");
      expect(await box(page).getAttribute("aria-invalid")).toBe("true");
      expect(await names(page)).toEqual(before);
      await page.keyboard.press("ArrowDown");
      await page.getByRole("option", { name: /^5ms/ }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "an error");
      await page.getByRole("option", { name: /^5ms/ }).click();
      await expect.poll(() => problem.count(), PATIENTLY).toBe(0);
      await page.goto(`${fake.url}/help/filter`);
      await page.getByRole("heading", { name: "The filter language" }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "the help");
      expect(open.troubles).toEqual([]);
    });
  }

  test("agents pass when a monitor of theirs does", async () => {
    await using open = await visit(browser, `${fake.url}/agents?lab=shown&q=country%3Ade`);
    const { page } = open;
    const agents = page.locator(".agents-table tbody th a");
    await expect.poll(() => agents.allTextContents(), PATIENTLY).toEqual(["frankfurt"]);
    await box(page, "Search agents").fill("monitor:ams");
    await page.getByRole("option", { name: /^amsterdam/ }).waitFor();
  });

  test("checks are filtered by the server, page by page", async () => {
    await using open = await visit(browser, `${fake.url}/servers/6?q=monitor%3Afrankfurt`);
    const { page } = open;
    const monitors = page.locator(".checks tbody td:nth-child(2)");
    await expect
      .poll(async () => new Set(await monitors.allTextContents()), PATIENTLY)
      .toEqual(new Set(["frankfurt"]));
    await box(page, "Search checks").fill("monitor:frankfurt rtt>10s");
    await page.getByText("No check here passes the filter.").waitFor();
  });
});
