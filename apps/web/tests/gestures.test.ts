// What hands do to a chart, what stays in place while data come in, and the page on paper, against the fake.

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { browserPath, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };
const HOUR_MS = 3_600_000;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function chartBox(page: Page): Promise<Box> {
  await page.getByText(/between .* and/).waitFor();
  const chart = page.locator("[data-panel=offset] .u-over");
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  if (box === null) throw new Error("the chart has no place");
  return box;
}

/** The pointer over the chart, `share` of its width from the left, once nothing that loads above it moves it any more. */
async function grabChart(page: Page, share: number): Promise<Box> {
  const { width } = await chartBox(page);
  const chart = page.locator("[data-panel=offset] .u-over");
  await chart.hover({ position: { x: width * share, y: 60 } });
  const box = await chart.boundingBox();
  if (box === null) throw new Error("the chart has no place");
  return box;
}

/** The range in the address; undefined: it has none. */
function rangeOf(page: Page): { readonly fromMs: number; readonly toMs: number } | undefined {
  const search = new URL(page.url()).searchParams;
  const from = search.get("from");
  const to = search.get("to");
  if (from === null || to === null) return undefined;
  return { fromMs: Date.parse(from), toMs: Date.parse(to) };
}

async function waitForRange(page: Page): Promise<{ fromMs: number; toMs: number }> {
  await expect.poll(() => rangeOf(page), PATIENTLY).toBeDefined();
  return rangeOf(page) ?? { fromMs: 0, toMs: 0 };
}

/** Some later answers to one call, counted from now. */
async function waitForAnswers(page: Page, method: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    await page.waitForResponse((response) => response.url().endsWith(`/${method}`));
  }
}

/** Share of the pixels in the strip's left fifth that are painted at all. */
async function paintedShare(page: Page): Promise<number> {
  return await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>("[data-panel=strip] canvas");
    const over = document.querySelector("[data-panel=strip] .u-over")?.getBoundingClientRect();
    const context = canvas?.getContext("2d");
    if (canvas === null || over === undefined || context === null || context === undefined)
      return 0;
    const outer = canvas.getBoundingClientRect();
    const ratio = canvas.width / outer.width;
    const { data } = context.getImageData(
      Math.ceil((over.left - outer.left) * ratio) + 2,
      Math.ceil((over.top - outer.top) * ratio) + 2,
      Math.floor((over.width / 5) * ratio),
      Math.floor(over.height * ratio) - 4,
    );
    let painted = 0;
    for (let index = 3; index < data.length; index += 4) if ((data[index] ?? 0) > 0) painted += 1;
    return painted / (data.length / 4);
  });
}

describe.skipIf(browserPath() === undefined)("the dashboard", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  test("Shift-drag moves through time at the same zoom, a double click shows all again", async () => {
    const toMs = Date.now() - 2 * HOUR_MS;
    const range = { from: new Date(toMs - 4 * HOUR_MS), to: new Date(toMs) };
    const address = `/servers/6?from=${range.from.toISOString()}&to=${range.to.toISOString()}`;
    await using open = await visit(use.browser, use.fake.url + address);
    const { page } = open;
    const before = await waitForRange(page);
    const box = await grabChart(page, 0.25);
    await page.keyboard.down("Shift");
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up("Shift");
    await expect.poll(() => rangeOf(page)?.fromMs, PATIENTLY).not.toBe(before.fromMs);
    const after = await waitForRange(page);
    const moved = (before.fromMs - after.fromMs) / HOUR_MS;
    expect(moved).toBeGreaterThan(1.9);
    expect(moved).toBeLessThan(2.1);
    const zoom = (after.toMs - after.fromMs) / (before.toMs - before.fromMs);
    expect(zoom).toBeCloseTo(1, 2);
    const middle = await grabChart(page, 0.5);
    await page.mouse.dblclick(middle.x + middle.width / 2, middle.y + 60);
    await expect.poll(() => rangeOf(page), PATIENTLY).toBeUndefined();
  });

  test("two fingers that part zoom in", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/6`, {
      width: 390,
      touch: true,
    });
    const { page, context } = open;
    const box = await chartBox(page);
    const touch = await context.newCDPSession(page);
    const y = box.y + box.height / 2;
    const fingers = (apart: number): { x: number; y: number; id: number }[] => [
      { x: box.x + box.width / 2 - apart, y, id: 0 },
      { x: box.x + box.width / 2 + apart, y, id: 1 },
    ];
    const send = (type: "touchStart" | "touchMove" | "touchEnd", apart: number): Promise<unknown> =>
      touch.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: type === "touchEnd" ? [] : fingers(apart),
      });
    await send("touchStart", 30);
    for (const apart of [45, 60, 75, 90, 120]) await send("touchMove", apart);
    await send("touchEnd", 120);
    const { fromMs, toMs } = await waitForRange(page);
    // Four times as far apart: a quarter of the day.
    expect((toMs - fromMs) / HOUR_MS).toBeGreaterThan(5);
    expect((toMs - fromMs) / HOUR_MS).toBeLessThan(8);
  });

  test("the part of the axis before anything was known is hatched", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1?range=1h`);
    const { page } = open;
    await chartBox(page);
    const known = await paintedShare(page);
    const toMs = Date.now();
    const from = new Date(toMs - 72 * HOUR_MS).toISOString();
    await page.goto(`${use.fake.url}/servers/1?from=${from}&to=${new Date(toMs).toISOString()}`);
    await chartBox(page);
    await expect.poll(() => paintedShare(page), PATIENTLY).toBeGreaterThan(known + 0.1);
  });

  test("live updates leave focus and scroll where they are", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/4`);
    const { page } = open;
    await chartBox(page);
    const link = page.locator(".assignments a").first();
    await link.focus();
    await page.evaluate(() => scrollBy(0, 120));
    const name = await link.textContent();
    const scrolled = await page.evaluate(() => scrollY);
    expect(scrolled).toBeGreaterThan(0);
    await waitForAnswers(page, "GetServer", 2);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name);
    expect(await page.evaluate(() => scrollY)).toBe(scrolled);
  });

  test("what changed while the connection was lost is counted, and a link leads to it", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/operations`);
    const { page } = open;
    await page.getByRole("heading", { name: "Operations" }).waitFor();
    await use.fake.goAway();
    await page.getByText(/Connection lost/).waitFor();
    use.fake.admin.happen("truth1.lab went silent");
    await use.fake.comeBack();
    await page.getByRole("link", { name: /^1\schange while it was gone/ }).click();
    await page.getByText("truth1.lab went silent").waitFor();
    expect(new URL(page.url()).hash).toBe("#changes-title");
  });

  test("a server's page on paper is a report without what only works on a screen", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/4`);
    const { page } = open;
    await chartBox(page);
    await page.emulateMedia({ media: "print" });
    expect(await page.getByRole("navigation", { name: "Pages" }).isVisible()).toBe(false);
    expect(await page.locator(".range-tools").isVisible()).toBe(false);
    expect(await page.getByRole("heading", { level: 1 }).isVisible()).toBe(true);
    expect(await page.locator("[data-panel=offset] canvas").isVisible()).toBe(true);
    expect((await page.screenshot({ fullPage: true })).length).toBeGreaterThan(20_000);
    expect((await page.pdf({ format: "A4" })).length).toBeGreaterThan(20_000);
  });
});
