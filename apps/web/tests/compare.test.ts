// Servers and monitors side by side, against the fake.

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("comparing", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);
  const parameter = (page: Page, name: string): string | null =>
    new URL(page.url()).searchParams.get(name);
  const charts = (page: Page): ReturnType<Page["getByRole"]> =>
    page.getByRole("group", { name: /Arrow keys move the crosshair/ });

  test("two servers are chosen, read under the crosshair, and taken as a difference", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map`);
    const { page } = open;
    await page.getByRole("link", { name: "Compare" }).click();
    await page.getByRole("heading", { name: "Choose the servers to compare" }).waitFor();
    await page.getByLabel("Add a server").selectOption({ label: "truth1.lab" });
    await page.getByText("truth1.lab alone.").first().waitFor();
    await page.getByLabel("Add a server").selectOption({ label: "fast40.lab" });
    await page
      .getByText(/fast40\.lab is ahead of truth1\.lab by 4\d\.\d.ms ±/)
      .first()
      .waitFor();
    expect(parameter(page, "server")).toBe("1,4");
    await charts(page).focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    const second = page.locator(".compare-table tbody tr").nth(1).locator("td").nth(1);
    await expect.poll(() => second.textContent(), PATIENTLY).toMatch(/^\+4\d/);
    await page.getByLabel("Difference from").selectOption({ label: "fast40.lab" });
    await page.getByRole("heading", { name: "Difference from fast40.lab" }).waitFor();
    const first = page.locator(".compare-table tbody tr").first().locator("td").first();
    expect(await first.textContent()).toMatch(/^−4\d/);
    // The address alone gives a colleague the same.
    await page.reload();
    await page.getByRole("heading", { name: "Difference from fast40.lab" }).waitFor();
    await page.getByRole("button", { name: "Leave out fast40.lab" }).click();
    await expect.poll(() => parameter(page, "server"), PATIENTLY).toBe("1");
  });

  test("dragging over the charts zooms in, and the way back is one click", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/compare?server=1,6`);
    const { page } = open;
    await page.locator(".compare-canvas").first().waitFor();
    await page.locator(".compare-table").waitFor();
    const box = await page.locator(".compare-canvas").first().boundingBox();
    const [x, y] = [(box?.x ?? 0) + 300, (box?.y ?? 0) + 100];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 200, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => parameter(page, "from"), PATIENTLY).toMatch(/^\d{4}-/);
    const span =
      Date.parse(parameter(page, "to") ?? "") - Date.parse(parameter(page, "from") ?? "");
    expect(span / 3_600_000).toBeGreaterThan(2);
    expect(span / 3_600_000).toBeLessThan(7);
    await page.getByRole("button", { name: "Back to now" }).click();
    await expect.poll(() => parameter(page, "from"), PATIENTLY).toBeNull();
  });

  test("monitors are compared by their difference from the fleet", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/compare`);
    const { page } = open;
    await page.getByRole("button", { name: "Monitors" }).click();
    await page.getByLabel("Add a monitor").selectOption({ label: "sydney" });
    await page.getByLabel("Add a monitor").selectOption({ label: "nairobi" });
    await page.getByRole("heading", { name: "Difference from the fleet" }).waitFor();
    await page
      .getByText(/sydney is ahead of nairobi by 4\d\d.µs/)
      .first()
      .waitFor();
    expect(parameter(page, "monitor")).toBe("10,7");
  });

  test("a server that is none says so", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/compare?server=999`);
    await open.page.getByText("there is no server with the id 999").waitFor();
  });

  test.each([
    { width: 390, scheme: "light" as const },
    { width: 390, scheme: "dark" as const },
    { width: 1_280, scheme: "light" as const },
    { width: 1_280, scheme: "dark" as const },
  ])("axe finds nothing at $width, $scheme", async ({ width, scheme }) => {
    const url = `${use.fake.url}/compare?server=1,2,6&range=6h`;
    await using open = await visit(use.browser, url, { width, scheme });
    const { page, troubles } = open;
    await page.locator(".compare-table tbody tr").first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, url);
    expect(troubles).toEqual([]);
  });
});
