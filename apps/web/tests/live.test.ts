// Checks as they arrive, against the fake: shown, stopped, gone back, filtered, opened, and healed after an interruption.

import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { HORIZON_AGE_MS } from "../testing/lab-facts.ts";
import { axeFindings } from "./_axe.ts";
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
    await page.getByRole("button", { name: "Go live" }).click();
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(stopped);
    await page
      .getByRole("img", { name: /^Offsets of the last five minutes: \d+ checks/ })
      .waitFor();
    expect(open.troubles).toEqual([]);
  });

  test("going back shows what is stored from before the page was opened, and the address opens the same view", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live`);
    const { page } = open;
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "−1 h" }).click();
    await page.getByText("Stored checks, as of then").waitFor();
    await expect.poll(() => rows(page).count(), PATIENTLY).toBe(100);
    const at = new URL(page.url()).searchParams.get("at") ?? "";
    expect(Date.now() - Date.parse(at)).toBeGreaterThan(3_600_000);
    const shown = await rows(page).allTextContents();
    await page.reload();
    await expect.poll(() => rows(page).allTextContents(), PATIENTLY).toEqual(shown);
    expect(new URL(page.url()).searchParams.get("at")).toBe(at);
    // The whole of what is stored: to its left end.
    await page.getByLabel("Shown until").press("Home");
    await page.getByText("No check until then").waitFor();
    // Near the end of what is stored: it is looked through to there.
    const early = new Date(Date.now() - HORIZON_AGE_MS + 2 * 3_600_000).toISOString();
    await page.goto(`${use.fake.url}/live?at=${early}&q=server:nobody*`);
    await page.getByText("Nothing that passes the filter was found").waitFor();
    expect(open.troubles).toEqual([]);
  });

  test("it plays on at its speed, keeps its place in the address, stands still, and catches up with now", async () => {
    const at = new Date(Date.now() - 600_000).toISOString();
    await using open = await visit(use.browser, `${use.fake.url}/live?at=${at}&play=60`);
    const { page } = open;
    const place = async (): Promise<number> =>
      Date.parse((await page.getByLabel("Shown until").getAttribute("aria-valuetext")) ?? "");
    await rows(page).first().waitFor();
    await expect.poll(place, PATIENTLY).toBeGreaterThan(Date.parse(at) + 120_000);
    // It is written into the address as it moves on.
    await expect
      .poll(() => Date.parse(new URL(page.url()).searchParams.get("at") ?? ""), PATIENTLY)
      .toBeGreaterThan(Date.parse(at) + 120_000);
    await page.getByRole("button", { name: "Pause" }).click();
    const stood = await place();
    // Whoever is given the address sees the same: what stands is loaded where playing has left something out.
    await using other = await visit(use.browser, page.url());
    await expect.poll(() => rows(other.page).count(), PATIENTLY).toBe(100);
    const shown = await rows(other.page).allTextContents();
    await expect.poll(() => rows(page).allTextContents(), PATIENTLY).toEqual(shown);
    await page.reload();
    await expect.poll(() => rows(page).allTextContents(), PATIENTLY).toEqual(shown);
    expect(await place()).toBe(stood);
    await page.getByLabel("Speed").selectOption("600");
    await page.getByRole("button", { name: "Play" }).click();
    await page.getByText("As they arrive").waitFor();
    expect(new URL(page.url()).search).toBe("");
    expect(open.troubles).toEqual([]);
  });

  test("what is stopped stays as it is while thousands of checks a second come", async () => {
    use.fake.admin.flood = 3_000;
    onTestFinished(() => {
      use.fake.admin.flood = 0;
    });
    await using open = await visit(use.browser, `${use.fake.url}/live`);
    const { page } = open;
    await expect.poll(() => rows(page).count(), PATIENTLY).toBe(100);
    await page.getByRole("button", { name: "Pause" }).click();
    const shown = await rows(page).allTextContents();
    const later = page.getByRole("status").filter({ hasText: "came later" });
    // More than the page keeps of the stream.
    await expect
      .poll(async () => Number((await later.textContent())?.replaceAll(/\D/g, "")), PATIENTLY)
      .toBeGreaterThan(12_000);
    expect(await rows(page).allTextContents()).toEqual(shown);
    await page.getByText(/newest 5.000 are kept here/).waitFor();
  });

  test("an export has every check that is shown, as CSV and as lines of JSON", async () => {
    const at = new Date(Date.now() - 1_800_000).toISOString();
    await using open = await visit(use.browser, `${use.fake.url}/live?at=${at}&q=server:truth*`);
    const { page } = open;
    await expect.poll(() => rows(page).count(), PATIENTLY).toBeGreaterThan(20);
    for (const [form, heading] of [
      ["CSV", /^id,at,server_id,server,/],
      ["NDJSON", /^\{"id":/],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: `Export ${form}` }).click(),
      ]);
      const text = await readFile(await download.path(), "utf8");
      expect(text).toMatch(heading);
      const lines = text.split(/\r?\n/).filter((line) => line !== "");
      expect(lines.length).toBeGreaterThanOrEqual(await rows(page).count());
      expect(lines.slice(1).every((line) => line.includes("truth"))).toBe(true);
    }
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
    // Of servers that answer: of one that is silent there is no packet.
    await using open = await visit(use.browser, `${use.fake.url}/live?q=server:truth*`);
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

  test.each([1280, 390])(
    "gone back, at %d pixels, nothing is wider than the page, and axe is satisfied",
    async (width) => {
      const at = new Date(Date.now() - 900_000).toISOString();
      await using open = await visit(use.browser, `${use.fake.url}/live?at=${at}`, { width });
      const { page } = open;
      await rows(page).first().waitFor();
      await page.getByRole("button", { name: "Play" }).waitFor();
      await expectNoSidewaysScroll(page, "live, gone back");
      expect(await axeFindings(page)).toEqual([]);
    },
  );

  test("on a phone nothing is wider than the page, and axe is satisfied", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/live`, { width: 390 });
    const { page } = open;
    await rows(page).first().waitFor();
    await expectNoSidewaysScroll(page, "live");
    await page.getByRole("button", { name: "Pause" }).click();
    await rows(page).locator("button").first().click();
    await page.getByRole("heading", { name: "The check" }).waitFor();
    await expectNoSidewaysScroll(page, "live");
    expect(await axeFindings(page)).toEqual([]);
  });
});
