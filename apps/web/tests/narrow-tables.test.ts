// Tables on a telephone: rows of three facts, of which nothing is cut off, and no word is broken where nobody would.

import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { browserPath, visit } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PHONE = { width: 390, touch: true };
/** The narrowest that pages are made for. */
const NARROWEST = { width: 320, touch: true };

describe.skipIf(browserPath() === undefined)("tables on a telephone", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  test.each([4, 8])("no table of server %i has to be moved sideways", async (id) => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/${id}`, PHONE);
    const { page } = open;
    await page.locator(".assignments tbody tr").first().waitFor();
    await page.locator(".checks tbody tr").first().waitFor();
    await expect.poll(() => tablesThatScroll(page)).toEqual([]);
  });

  test("a monitor has its name on a line, and offset and score below it", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/4`, PHONE);
    const row = open.page.locator(".assignments tbody tr").filter({ hasText: "johannesburg" });
    const name = await boxOf(row.locator("th"));
    const offset = await boxOf(row.locator("td:visible").first());
    const score = await boxOf(row.locator("td:visible").last());
    expect(await row.locator("td:visible").count()).toBe(2);
    expect(offset.top).toBeGreaterThanOrEqual(name.bottom);
    expect(score.right).toBeCloseTo(name.right, 0);
    expect(await labelOf(row.locator("td:visible").last())).toBe("score");
  });

  test("names of monitors stand below each other in the list of checks", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/4`, PHONE);
    const names = open.page.locator(".checks tbody td:nth-child(2)");
    await names.first().waitFor();
    const lefts = await names.evaluateAll((cells) =>
      cells.map((cell) => Math.round(cell.getBoundingClientRect().left)),
    );
    expect(lefts.length).toBeGreaterThan(1);
    expect(new Set(lefts).size).toBe(1);
  });

  test("why no certificate comes has the whole width, and its end says that it is one", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/operations`, PHONE);
    const { page } = open;
    const reason = page.getByText(/the ACME authority refuses the proof/);
    const section = page.locator("section", { has: reason });
    expect((await boxOf(reason)).right).toBeCloseTo((await boxOf(section)).right, 0);
    const ends = section.locator("td.is-number:visible");
    expect(await ends.count()).toBe(1);
    expect(await labelOf(ends)).toBe("ends");
  });

  test("an archive's address is broken behind its slashes and dots alone", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/operations`, NARROWEST);
    const address = open.page
      .getByRole("rowheader", { name: "https://clickhouse.example.net:8443/truechimer" })
      .first();
    await address.waitFor();
    const lines = await linesOf(address);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.slice(0, -1).filter((line) => !/[\s/._-]$/.test(line))).toEqual([]);
  });

  test("a loop's button is within reach, and no table of operations has to be moved", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/operations`, PHONE);
    const { page } = open;
    const button = await boxOf(page.getByRole("button", { name: "Run now: partitions" }));
    expect(button.right).toBeLessThanOrEqual(PHONE.width);
    await expect.poll(() => tablesThatScroll(page)).toEqual([]);
  });
});

interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly right: number;
}

async function boxOf(locator: Locator): Promise<Box> {
  return await locator.evaluate((element) => {
    const { top, bottom, right } = element.getBoundingClientRect();
    return { top, bottom, right };
  });
}

/** What a cell says of itself where the head of its column is not seen. */
async function labelOf(cell: Locator): Promise<string> {
  const content = await cell.evaluate((element) => getComputedStyle(element, "::before").content);
  return content.replaceAll(/["\s]/g, "");
}

/** Of which a column begins or ends outside of the screen; a fraction of a pixel counts as a whole one. */
async function tablesThatScroll(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() =>
    [...document.querySelectorAll("main .table-scroll")]
      .filter((box) => box.scrollWidth > box.clientWidth + 1)
      .map((box) => `${box.querySelector("table")?.className ?? ""}: ${box.scrollWidth} pixels`),
  );
}

/** The element's own text as it is drawn, line by line; not that of elements within it. */
async function linesOf(locator: Locator): Promise<readonly string[]> {
  return await locator.evaluate((element) => {
    const lines: string[] = [];
    let top = Number.NEGATIVE_INFINITY;
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node.parentElement !== element) continue;
      const text = node.textContent ?? "";
      for (let index = 0; index < text.length; index += 1) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + 1);
        const rect = range.getBoundingClientRect();
        // A space at the end of a line has no box.
        if (rect.height === 0) continue;
        if (rect.top > top + rect.height / 2) lines.push("");
        top = rect.top;
        lines[lines.length - 1] += text.charAt(index);
      }
    }
    return lines;
  });
}
