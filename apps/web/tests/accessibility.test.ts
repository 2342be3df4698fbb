// axe finds nothing on any page of servers and what was measured of them, light and dark, wide and narrow; nothing scrolls
// sideways; nothing breaks the policy.

import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, type Visit, visit } from "./_browser.ts";
import { expectGoodInEveryLayout } from "./_every-layout.ts";
import { heading, type PageCase, useOnePage } from "./_pages.ts";

const LIMIT_MS = 120_000;

const PAGES: readonly PageCase[] = [
  { name: "overview", path: "/", ready: heading(/servers agree/) },
  { name: "servers", path: "/servers", ready: heading(/^Servers/) },
  {
    name: "a falseticker",
    path: "/servers/4",
    ready: (page) => page.getByText(/between .* and/).waitFor(),
  },
  {
    name: "a silent server",
    path: "/servers/8",
    ready: (page) => page.getByText(/not one gave an offset/).waitFor(),
  },
  {
    name: "live",
    path: "/live",
    ready: (page) => page.locator("table.live-checks tbody tr").first().waitFor(),
  },
  {
    name: "heat map",
    path: "/heat-map?range=1h",
    ready: (page) => page.locator(".heat canvas").waitFor(),
  },
  {
    name: "compare",
    path: "/compare?server=1,4&range=1h",
    ready: (page) => page.locator(".compare-table tbody tr").first().waitFor(),
  },
  {
    name: "distribution",
    path: "/servers/2/distribution?range=1h",
    ready: (page) => page.locator(".allan-table tbody tr").first().waitFor(),
  },
  {
    name: "movers",
    path: "/movers?range=1h",
    ready: (page) => page.locator(".score-bins svg").waitFor(),
  },
  {
    name: "families",
    path: "/families?range=1h",
    ready: (page) => page.getByText("No name has checks over both IPv4 and IPv6").waitFor(),
  },
  { name: "no server", path: "/servers/999", ready: heading("There is no such server") },
];

describe.skipIf(browserPath() === undefined)("every page", { timeout: LIMIT_MS }, () => {
  const use = useOnePage(LIMIT_MS);

  test.each(PAGES)("$name", async ({ name, path, ready }) => {
    await use.page.goto(use.fake.url + path);
    await ready(use.page);
    await expectGoodInEveryLayout(use.page, name);
  });

  test("a check", async () => {
    await use.page.goto(`${use.fake.url}/servers/11`);
    await use.page.locator(".checks tbody a").first().click();
    await heading("The exchange")(use.page);
    await expectGoodInEveryLayout(use.page, "a check");
  });

  test.each([
    ["NTP check", "Check now"],
    ["Traceroute", "Trace now"],
  ] as const)("%s at once", async (kind, button) => {
    await use.page.goto(`${use.fake.url}/servers/6`);
    await use.page.getByRole("button", { name: kind }).click();
    await use.page.getByRole("button", { name: button }).click();
    await use.page.getByText("All 10 answered.").waitFor();
    await expectGoodInEveryLayout(use.page, kind);
  });

  test(
    "with an opened dialog, card, menu and table satisfies axe",
    async () => {
      await using open: Visit = await visit(use.browser, use.fake.url);
      const { page } = open;
      await page.getByText("Show as a table").click();
      await page.getByRole("link", { name: /ahead2s\.lab: falseticker/ }).focus();
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press("?");
      await page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.goto(`${use.fake.url}/servers`);
      await page.getByText("Columns", { exact: true }).click();
      await page.getByRole("button", { name: "Add servers" }).click();
      await page.getByLabel(/One server a line/).waitFor();
      expect(await axeFindings(page)).toEqual([]);
    },
    LIMIT_MS,
  );
});
