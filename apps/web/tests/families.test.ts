// IPv4 and IPv6, against the fake.

import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;

describe.skipIf(browserPath() === undefined)("IPv4 and IPv6", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS, { dualStack: true });

  test("names over both families stand side by side, the most certain difference first, and can be exported", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map`);
    const { page } = open;
    await page.getByRole("link", { name: "IPv4 and IPv6" }).click();
    await page.getByRole("heading", { level: 1, name: "IPv4 and IPv6" }).waitFor();
    await page
      .getByText(/names have offsets .* more than chance: fast40\.lab the most clearly, by /)
      .waitFor();
    await page.getByText(/6.names of one family alone/).waitFor();
    const rows = page.locator(".families-table tbody tr");
    expect(await rows.first().textContent()).toMatch(/^fast40\.lab.*−46\.\d+.ms/);
    expect(await rows.last().textContent()).toMatch(/^drift\.lab.*IPv4/);
    await page.getByRole("img", { name: /^IPv4 \+40\..*, IPv6 −6\./ }).waitFor();
    await page.getByRole("img", { name: /, IPv6 never answered$/ }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export CSV" }).click(),
    ]);
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
    expect(lines.length).toBe(7);
    expect(lines[0]).toMatch(/^server,ipv4_offset_ns,.*,better_in_loss/);
  });

  test("filter and range are in the address, and what is left over is told", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/families`);
    const { page } = open;
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    await page.getByRole("combobox", { name: "Search checks" }).fill("server:truth1.lab");
    await page.getByText(/5.names of both families without checks over one of them/).waitFor();
    expect(await page.locator(".families-table tbody tr").count()).toBe(1);
    const parameters = new URL(page.url()).searchParams;
    expect([parameters.get("q"), parameters.get("range")]).toEqual(["server:truth1.lab", "1h"]);
  });

  test("a failure can be tried again, and a time that the memory does not reach is said", async () => {
    use.fake.admin.fail("getFamilies", { code: 8, appCode: "limit_exceeded", message: "too many" });
    await using open = await visit(use.browser, `${use.fake.url}/families?range=7d`);
    const { page } = open;
    await page.getByText("The families could not be compared").waitFor();
    use.fake.admin.fail("getFamilies", undefined);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText(/Only a part of what was asked for/).waitFor();
  });

  test.each([
    { width: 390, scheme: "light" as const },
    { width: 390, scheme: "dark" as const },
    { width: 1_280, scheme: "light" as const },
    { width: 1_280, scheme: "dark" as const },
  ])("axe finds nothing at $width, $scheme", async ({ width, scheme }) => {
    const url = `${use.fake.url}/families?range=6h`;
    await using open = await visit(use.browser, url, { width, scheme });
    const { page, troubles } = open;
    await page.locator(".families-table tbody tr").first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, url);
    expect(troubles).toEqual([]);
  });
});
