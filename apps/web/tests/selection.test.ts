// Who watches a server and why, and how well all are watched, against the fake.

import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit, WAIT_MAX_MS } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;
const PATIENTLY = { timeout: WAIT_MAX_MS, interval: 100 };

describe.skipIf(browserPath() === undefined)("selection", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  test("from the server's page to every monitor's reason, to what other limits would change, and back", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1`);
    const { page } = open;
    await page.getByRole("link", { name: "Why these monitors" }).click();
    await page.getByRole("heading", { level: 1, name: /^Who watches truth1.lab/ }).waitFor();
    await page.getByText("the next review changes nothing").waitFor();
    expect(await page.locator("table.explanations tbody tr").count()).toBe(12);
    await page.getByLabel(/as JSON/).fill('{"activeTarget": 5}');
    await page.getByRole("button", { name: "Show what they would change" }).click();
    await page.getByRole("heading", { name: "What the next review changes" }).waitFor();
    expect(await page.locator("table.review-changes tbody tr").count()).toBe(2);
    await expect
      .poll(() => new URL(page.url()).searchParams.get("policy"), PATIENTLY)
      .toBe('{"activeTarget": 5}');
    // The address alone gives a colleague the same.
    await page.reload();
    await page.getByRole("heading", { name: "What the next review changes" }).waitFor();
    await page.getByRole("button", { name: "Back to the policy in force" }).click();
    await page.getByText("the next review changes nothing").waitFor();
  });

  test("a wrong policy says what is wrong, and what was typed stays", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/1/selection`);
    const { page } = open;
    await page.getByLabel(/as JSON/).fill('{"activTarget": 5}');
    await page.getByRole("button", { name: "Show what they would change" }).click();
    await page.getByText(/activTarget is 5, expected one of/).waitFor();
    expect(await page.getByLabel(/as JSON/).inputValue()).toBe('{"activTarget": 5}');
    expect(await page.locator("table.explanations tbody tr").count()).toBe(12);
  });

  test("coverage tells who is short of fresh monitors, and leads to the reasons", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/agents`);
    const { page } = open;
    await page.getByRole("link", { name: "Coverage and load" }).click();
    await page.getByRole("heading", { level: 1, name: "Coverage" }).waitFor();
    await page.getByRole("img", { name: /By fresh active monitors: 0: / }).waitFor();
    await page.locator("table.monitor-loads tbody tr").first().waitFor();
    expect(await page.locator("table.monitor-loads tbody tr").count()).toBe(12);
    await page.locator("table.account-loads").getByText("default").waitFor();
  });

  test("addresses that are none, and servers that are none, say so", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/servers/none/selection`);
    await open.page.getByText("That is no server's address").waitFor();
    await open.page.goto(`${use.fake.url}/servers/99999/selection`);
    await open.page.getByText("There is no such server").waitFor();
  });

  test.each([
    { path: "/servers/2/selection", width: 390, scheme: "light" as const },
    { path: "/servers/2/selection", width: 1_280, scheme: "dark" as const },
    { path: "/coverage", width: 390, scheme: "dark" as const },
    { path: "/coverage", width: 1_280, scheme: "light" as const },
  ])("axe finds nothing in $path at $width, $scheme", async ({ path, width, scheme }) => {
    await using open = await visit(use.browser, use.fake.url + path, { width, scheme });
    const { page, troubles } = open;
    await page.locator("table tbody tr").first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, path);
    expect(troubles).toEqual([]);
  });
});
