// Servers by monitors, against the fake: what is seen, walked over with keys, opened, filtered, and in the address.

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("the heat map", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);
  const picture = (page: Page): ReturnType<Page["getByRole"]> =>
    page.getByRole("group", { name: /of servers by monitors/ });
  const parameter = (page: Page, name: string): string | null =>
    new URL(page.url()).searchParams.get(name);

  test("names the servers that lie, and a pair opened with the keyboard leads to its checks", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/`);
    const { page } = open;
    await page.getByRole("link", { name: "Analytics" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("y");
    await page.getByRole("heading", { level: 1, name: "Heat map" }).waitFor();
    await page
      .getByText(/the servers ahead2s\.lab, fast40\.lab/)
      .first()
      .waitFor();
    expect(await page.locator(".heat-names li").first().textContent()).toBe("ahead2s.lab");
    await picture(page).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    const told = page.locator(".heat [role=status]");
    await expect
      .poll(() => told.textContent(), PATIENTLY)
      .toMatch(/^fast40\.lab from \w+: median offset \+/);
    await page.keyboard.press("Enter");
    const opened = page.getByRole("heading", { name: /^fast40\.lab from / });
    await opened.waitFor();
    expect(parameter(page, "server")).toBe("4");
    // The address alone gives a colleague the same.
    await page.reload();
    await opened.waitFor();
    await page.getByRole("link", { name: "Its checks over time" }).click();
    await page.getByRole("heading", { level: 1, name: /fast40\.lab/ }).waitFor();
    expect(parameter(page, "monitor")).not.toBeNull();
  });

  test("a cell under the pointer tells its numbers, and one that is clicked stays open", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map?range=1h`);
    const { page } = open;
    const canvas = page.locator(".heat canvas");
    await canvas.waitFor();
    const box = await canvas.boundingBox();
    const [x, y] = [(box?.x ?? 0) + 10, (box?.y ?? 0) + (box?.height ?? 0) - 10];
    await page.mouse.move(x, y);
    await page.locator(".heat-card").getByText("none measured").waitFor();
    await page.mouse.click(x, y);
    await page.locator(".opened-pair").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await expect.poll(() => parameter(page, "server"), PATIENTLY).toBeNull();
  });

  test("measure, range and filter stand in the address and change what is asked", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map`);
    const { page } = open;
    await page.getByRole("button", { name: "Loss" }).click();
    await page.getByRole("group", { name: /^Loss of servers by monitors/ }).waitFor();
    await expect
      .poll(() => page.locator(".heat-names li").first().textContent(), PATIENTLY)
      .toBe("silent.lab");
    await page.getByRole("button", { name: "6 h" }).click();
    // A pointer that rests on the picture holds back what comes by itself, not what was asked for.
    await page.locator(".heat canvas").hover();
    await page.getByLabel("Search checks").fill("server:truth*");
    await expect.poll(() => page.locator(".heat-names li").count(), PATIENTLY).toBe(3);
    expect([parameter(page, "measure"), parameter(page, "range"), parameter(page, "q")]).toEqual([
      "loss",
      "6h",
      "server:truth*",
    ]);
    await page.getByLabel("Search checks").fill("server:nobody");
    await page.getByText("No checks in this range").waitFor();
  });

  test("a range beyond the history in memory says from where on it holds", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map?range=7d`);
    await open.page
      .getByText(/Only a part of what was asked for: the history in memory begins at/)
      .waitFor();
  });

  test("the same stands in a table, and in an export", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map?range=1h`);
    const { page } = open;
    await page.getByText("Show as a table").click();
    expect(await page.locator("details .pair-table tbody tr").count()).toBeGreaterThan(100);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export CSV" }).click();
    const stream = await (await download).createReadStream();
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    expect(text).toMatch(/^server,monitor,offset_ns,bound_ns,/);
    expect(text).toMatch(/\r\nahead2s\.lab,\w+,20\d{8},\d+,/);
  });

  test("a failure says its code, and the next try brings the picture", async () => {
    use.fake.admin.fail("getHeatMap", {
      code: 8,
      appCode: "limit_exceeded",
      message: "too many calls",
    });
    await using open = await visit(use.browser, `${use.fake.url}/heat-map`);
    const { page } = open;
    await page.getByText("The heat map could not be read").waitFor();
    use.fake.admin.fail("getHeatMap", undefined);
    await page.getByRole("button", { name: "Try again" }).click();
    await picture(page).waitFor();
  });

  test.each([
    { width: 390, scheme: "light" as const },
    { width: 390, scheme: "dark" as const },
    { width: 1_280, scheme: "light" as const },
    { width: 1_280, scheme: "dark" as const },
  ])("axe finds nothing at $width, $scheme", async ({ width, scheme }) => {
    const url = `${use.fake.url}/heat-map?server=4&monitor=2`;
    await using open = await visit(use.browser, url, { width, scheme });
    const { page, troubles } = open;
    await page.locator(".opened-pair").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, url);
    expect(troubles).toEqual([]);
  });
});
