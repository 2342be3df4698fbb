// Checks as they arrive, against the fake: shown, stopped, gone back, filtered, opened, and healed after an interruption.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { browserPath, expectNoSidewaysScroll, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("live", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  const rows = (page: Page) => page.locator("table.live-checks tbody tr");

  test("checks come by themselves; stopped, they are counted; going back shows what was there", async () => {
    await using open = await visit(use.browser, use.fake.url);
    const { page } = open;
    await page.getByRole("heading", { level: 1, name: /servers agree/ }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.getByRole("heading", { level: 1, name: "Live" }).waitFor();
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(1);
    await page.getByRole("button", { name: "Pause" }).click();
    const stopped = await rows(page).count();
    await expect
      .poll(
        () => page.getByRole("status").filter({ hasText: "came later" }).textContent(),
        PATIENTLY,
      )
      .toMatch(/^[1-9]/);
    expect(await rows(page).count()).toBe(stopped);
    const until = page.getByLabel("Shown until");
    await until.press("Home");
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeLessThan(stopped);
    await page.getByRole("button", { name: "Go on" }).click();
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(stopped);
    await page
      .getByRole("img", { name: /^Offsets of the last five minutes: \d+ checks/ })
      .waitFor();
    expect(open.troubles).toEqual([]);
  });

  test("a filter stands in the address, and only what passes it is shown", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live?q=server:silent*`);
    const { page } = open;
    await page.getByRole("heading", { level: 1, name: "Live" }).waitFor();
    await page.getByRole("searchbox").or(page.getByRole("combobox")).first().fill("server:truth*");
    await expect
      .poll(() => new URL(page.url()).searchParams.get("q"), PATIENTLY)
      .toBe("server:truth*");
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(1);
    const names = await rows(page).locator("td:nth-child(2)").allTextContents();
    expect(names.filter((name) => !name.startsWith("truth"))).toEqual([]);
  });

  test("after an interruption the stream goes on, with the rows that were there", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live`);
    const { page } = open;
    await rows(page).first().waitFor();
    await use.fake.goAway();
    await page.getByText(/Connection lost/).waitFor();
    await page.getByRole("heading", { name: "The live stream is interrupted" }).waitFor();
    const before = await rows(page).count();
    expect(before).toBeGreaterThan(0);
    await use.fake.comeBack();
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(before);
    expect(
      await page.getByRole("heading", { name: "The live stream is interrupted" }).count(),
    ).toBe(0);
  });

  test("a stream that falls silent is told within five seconds, and goes on", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live`);
    const { page } = open;
    await rows(page).first().waitFor();
    use.fake.admin.streamsSilent = true;
    const silentMs = performance.now();
    const told = page.getByRole("heading", { name: "The live stream is interrupted" });
    await told.waitFor();
    // The last beat may have come a moment before; and a crowded machine draws late.
    expect(performance.now() - silentMs).toBeLessThan(8_000);
    const before = await rows(page).count();
    use.fake.admin.streamsSilent = false;
    await told.waitFor({ state: "hidden" });
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(before);
  });

  test("a wrong filter points at what is wrong, and the stream goes on with the last good one", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live?q=offset%3E%3Ebad`);
    const { page } = open;
    await page
      .getByText(/offset>>bad/)
      .first()
      .waitFor();
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(1);
  });

  test("an opened check shows its packet by field, stands in the address, and closes; one that is none says so", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live`);
    const { page } = open;
    await rows(page).locator("button").first().click();
    await page.getByRole("heading", { name: "The check" }).waitFor();
    await page.getByRole("link", { name: "Exchange, rules and score of this check" }).waitFor();
    await page.locator("table.packet-fields").waitFor();
    await expectNoSidewaysScroll(page, "live with an opened check");
    expect(new URL(page.url()).searchParams.get("check")).toMatch(/^\d+$/);
    await page.getByRole("button", { name: "Close" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.has("check"), PATIENTLY).toBe(false);
    await page.goto(`${use.fake.url}/live?check=99999999999`);
    await page.getByText("There is no such check").waitFor();
  });

  test("on a phone nothing is wider than the page, and axe is satisfied", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live`, { width: 390 });
    const { page } = open;
    await rows(page).first().waitFor();
    await expectNoSidewaysScroll(page, "live");
    await page.getByRole("button", { name: "Pause" }).click();
    await rows(page).locator("button").first().click();
    await page.getByRole("heading", { name: "The check" }).waitFor();
    await expectNoSidewaysScroll(page, "live");
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  });
});
