// axe finds nothing on any page, light and dark, wide and narrow; nothing scrolls sideways; nothing breaks the policy.

import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import {
  browserPath,
  expectNoSidewaysScroll,
  launchBrowser,
  type Visit,
  visit,
} from "./_browser.ts";
import { builtPage } from "./_built-page.ts";

const LIMIT_MS = 300_000;
const SCHEMES = ["light", "dark"] as const;

interface PageCase {
  readonly name: string;
  readonly path: string;
  readonly ready: (page: Page) => Promise<unknown>;
}

const heading =
  (name: string | RegExp) =>
  (page: Page): Promise<unknown> =>
    page.getByRole("heading", { name }).first().waitFor();

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
  { name: "agents", path: "/agents?lab=shown", ready: heading(/^Agents/) },
  {
    name: "an agent",
    path: "/agents/01K00000000000000000000001",
    ready: (page) => page.getByText(/^It watches 12/).waitFor(),
  },
  { name: "adding an agent", path: "/agents/add", ready: heading("With a one-time token") },
  {
    name: "a registration",
    path: "/agents/registrations/01R00000000000000000000001",
    ready: heading("Let it in"),
  },
  {
    name: "a rejected registration",
    path: "/agents/registrations/01R00000000000000000000004",
    ready: heading("unknown-vps"),
  },
  { name: "no agent", path: "/agents/nobody", ready: heading("There is no such agent") },
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
  { name: "what if", path: "/what-if", ready: heading("In force so far") },
  { name: "operations", path: "/operations", ready: heading("Operations") },
  { name: "people", path: "/people", ready: heading("API keys") },
  { name: "the audit trail", path: "/audit", ready: (page) => page.getByText("watched").waitFor() },
  {
    name: "a one-time link",
    path: "/welcome#tcl_link-number-1",
    ready: heading("Welcome, linus"),
  },
  { name: "no one-time link", path: "/welcome", ready: heading("Nothing to open") },
  { name: "errors reference", path: "/help/errors", ready: heading(/Errors/) },
  { name: "no page", path: "/nowhere", ready: heading("There is no such page") },
  { name: "no server", path: "/servers/999", ready: heading("There is no such server") },
];

async function findings(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""} ${nodes[0]?.failureSummary ?? ""}`,
  );
}

describe.skipIf(browserPath() === undefined)("every page", () => {
  let fake: FakeServer;
  let browser: Browser;

  beforeAll(async () => {
    fake = await startFakeServer({ webRoot: await builtPage() });
    browser = await launchBrowser();
  }, LIMIT_MS);

  afterAll(async () => {
    await browser.close();
    await fake[Symbol.asyncDispose]();
  }, LIMIT_MS);

  for (const width of [390, 768, 1280, 2560]) {
    // What axe looks at depends on the layout, narrow or wide, and on the scheme: two widths in both are enough.
    const byAxe = width === 390 || width === 1280;
    const promise = byAxe ? "satisfies axe" : "has nothing that goes sideways";
    for (const scheme of byAxe ? SCHEMES : SCHEMES.slice(0, 1)) {
      test(
        `${promise} at ${width} pixels in ${scheme}`,
        async () => {
          const satisfied = async (page: Page, name: string): Promise<void> => {
            if (byAxe)
              expect({ name, findings: await findings(page) }).toEqual({ name, findings: [] });
            await expectNoSidewaysScroll(page, name);
          };
          await using open: Visit = await visit(browser, fake.url, { width, scheme });
          for (const { name, path, ready } of PAGES) {
            await open.page.goto(fake.url + path);
            await ready(open.page);
            await satisfied(open.page, name);
          }
          await open.page.goto(`${fake.url}/servers/11`);
          await open.page.locator(".checks tbody a").first().click();
          await heading("The exchange")(open.page);
          await satisfied(open.page, "a check");
          for (const [kind, button] of [
            ["NTP check", "Check now"],
            ["Traceroute", "Trace now"],
          ] as const) {
            await open.page.goto(`${fake.url}/servers/6`);
            await open.page.getByRole("button", { name: kind }).click();
            await open.page.getByRole("button", { name: button }).click();
            await open.page.getByText("All 10 answered.").waitFor();
            await satisfied(open.page, kind);
          }
          // Refused is what does not exist: a server, an agent.
          expect(open.troubles.filter((text) => !text.includes("404"))).toEqual([]);
        },
        LIMIT_MS,
      );
    }
  }

  test(
    "with an opened dialog, card, menu and table satisfies axe",
    async () => {
      await using open: Visit = await visit(browser, fake.url);
      const { page } = open;
      await page.getByText("Show as a table").click();
      await page.getByRole("link", { name: /ahead2s\.lab: falseticker/ }).focus();
      expect(await findings(page)).toEqual([]);
      await page.keyboard.press("?");
      await page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
      expect(await findings(page)).toEqual([]);
      await page.goto(`${fake.url}/servers`);
      await page.getByText("Columns", { exact: true }).click();
      await page.getByRole("button", { name: "Add servers" }).click();
      await page.getByLabel(/One server a line/).waitFor();
      expect(await findings(page)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "without a session there is one page, and it satisfies axe",
    async () => {
      fake.admin.sessionNeeded = true;
      try {
        await using open: Visit = await visit(browser, fake.url);
        await heading("This dashboard needs a session")(open.page);
        expect(await findings(open.page)).toEqual([]);
        await open.page.getByLabel("Address or key").fill("no key");
        await open.page.getByRole("button", { name: "Enter" }).click();
        await open.page.getByText(/That is no key/).waitFor();
        await open.page.getByLabel("Address or key").fill(`${fake.url}/?key=right-key-0123`);
        await open.page.getByRole("button", { name: "Enter" }).click();
        await heading(/servers agree/)(open.page);
      } finally {
        fake.admin.sessionNeeded = false;
      }
    },
    LIMIT_MS,
  );
});
