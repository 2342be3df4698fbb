// What if, against the fake: a trial, one server over time, a document with a mistake, and a set that comes into force.

import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 90_000;

async function tried(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page
    .getByText(/servers would have had another verdict at some time/)
    .first()
    .waitFor();
}

describe.skipIf(browserPath() === undefined)("what if", { timeout: LIMIT_MS }, () => {
  const use = useFakeInBrowser(LIMIT_MS);

  test("a trial lists the servers that would differ, and draws one over time", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/heat-map`);
    const { page, troubles } = open;
    await page.getByRole("link", { name: "What if" }).click();
    await page.getByRole("heading", { level: 1, name: "What if" }).waitFor();
    await page.getByLabel("Rule set").selectOption("ntp_pool_every/1");
    await tried(page);
    await page.getByText(/all 1.500 stored scores come out exactly/).waitFor();
    const rows = page.locator(".differences-table tbody tr");
    expect(await rows.count()).toBe(2);
    expect(await rows.first().innerText()).toMatch(/truechimer\s+falseticker\s+2.h 1.min/);
    await rows
      .first()
      .getByRole("button", { name: /^Over time/ })
      .click();
    await page
      .getByRole("img", {
        name: /^Overall score of .* under ntp_pool_recentmedian\/1, −\d+\.\d under/,
      })
      .waitFor();
    expect(new URL(page.url()).searchParams.get("server")).toMatch(/^\d+$/);
    expect(troubles).toEqual([]);
  });

  test("a document with a mistake says what and where, and what was typed stays", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/what-if`);
    const { page } = open;
    await page.getByText("Its document: change it").click();
    const field = page.getByRole("textbox");
    await field.fill('{"name":"mine","version":1,"decay":1}');
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.getByText("decay: 1: expected a number between 0 and 1, neither of them").waitFor();
    expect(await field.inputValue()).toContain('"decay":1');
    expect(await page.getByLabel("Rule set").inputValue()).toBe("");
  });

  test("a set that was tried comes into force once its effect was read", async () => {
    await using open = await visit(use.browser, `${use.fake.url}/what-if?rules=ntp_pool_every%2F1`);
    const { page } = open;
    await tried(page);
    await page.getByRole("button", { name: /^Bring into force/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/would have had another verdict/).waitFor();
    await dialog.getByRole("button", { name: "Bring into force" }).click();
    await page
      .getByText(/ntp_pool_every\/1 since .* by the owner: its trial named another verdict for 2/)
      .waitFor();
  });

  test.each([
    { width: 390, scheme: "light" as const },
    { width: 1_280, scheme: "dark" as const },
  ])("axe finds nothing at $width, $scheme", async ({ width, scheme }) => {
    await using open = await visit(use.browser, `${use.fake.url}/what-if`, { width, scheme });
    const { page, troubles } = open;
    await page.getByText("Its document: change it").click();
    await page.getByRole("textbox").fill('{"name":"mine","version":1,"decay":0.5}');
    await tried(page);
    await page
      .getByRole("button", { name: /^Over time/ })
      .first()
      .click();
    await page.locator(".replay-picture svg").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, "/what-if");
    expect(troubles).toEqual([]);
  });
});
