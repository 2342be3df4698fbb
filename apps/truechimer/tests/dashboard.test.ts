// The real dashboard against the real `up`, on a PostgreSQL that is not its own: what a newcomer sees and does.

import { readFile } from "node:fs/promises";
import { type ChronyServer, chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import { useDatabase } from "@truechimer/testing-postgres";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { browserPath, launchBrowser } from "./_browser.ts";
import { createDataHome, type DataHome, startUp, type UpProgram } from "./_up-program.ts";

const database = await useDatabase();

// Each step takes seconds; the limits are for a host that is busy with other tests.
const LIMIT_MS = 120_000;
const CHRONY_OFFSET_NS_MAX = 20_000;

vi.setConfig({ testTimeout: LIMIT_MS });

describe.skipIf(browserPath() === undefined || !chronyAvailable())("the dashboard", () => {
  let home: DataHome;
  let up: UpProgram;
  let chrony: ChronyServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    home = await createDataHome();
    [up, chrony, browser] = await Promise.all([
      startUp(home, { env: { DATABASE_URL: database.url } }),
      startChronyServer(),
      launchBrowser(),
    ]);
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS / 2);
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") troubles.push(message.text());
    });
  }, LIMIT_MS);

  afterAll(async () => {
    await browser.close();
    await up[Symbol.asyncDispose]();
    await chrony[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  }, LIMIT_MS);

  async function findingsOfAxe(): Promise<readonly string[]> {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { readonly axe: typeof axe }).axe.run({
        resultTypes: ["violations"],
      }),
    );
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
  }

  test("runs on the database that DATABASE_URL names", () => {
    const line = up.lines.find(({ event, where }) => event === "database" && where !== undefined);
    expect(String(line?.["where"])).toContain(new URL(database.url).port);
  });

  test("without the key a browser is told how to get in, and the API refuses it", async () => {
    await using stranger = await browser.newContext();
    const door = await stranger.newPage();
    await door.goto(up.origin);
    await door.getByRole("heading", { name: "This dashboard needs a session" }).waitFor();
    const answer = await stranger.request.post(
      `${up.origin}/truechimer.admin.v1.AdminService/GetOverview`,
      { data: {}, headers: { "content-type": "application/json" } },
    );
    expect(answer.status()).toBe(401);
  });

  test("the printed address shows who lies, in words, within a minute", async () => {
    await page.goto(up.dashboardUrl);
    await page
      .getByRole("link", { name: /ahead2s\.lab.*falseticker/i })
      .first()
      .waitFor();
    await page.getByRole("heading", { level: 1, name: /of 15 servers|ahead2s/ }).waitFor();
    expect(page.url()).not.toContain("key=");
    expect(await findingsOfAxe()).toEqual([]);
  });

  test("a server added on the page is measured to 20 µs", async () => {
    const target = `127.0.0.1:${chrony.port}`;
    await page.getByRole("link", { name: "Servers" }).first().click();
    await page.getByRole("button", { name: "Add servers" }).click();
    await page.getByLabel("One server a line, by name or address").fill(target);
    await page.getByRole("button", { name: "Add 1 server" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await vi.waitFor(
      async () => {
        const { servers } = await up.admin.listServers({});
        const offsetNs = servers.find(({ lab }) => !lab)?.offset?.valueNs;
        expect(offsetNs).toBeDefined();
        expect(Math.abs(Number(offsetNs))).toBeLessThan(CHRONY_OFFSET_NS_MAX);
      },
      { timeout: LIMIT_MS - 10_000, interval: 500 },
    );
    expect(await findingsOfAxe()).toEqual([]);
  });

  test("its evidence opens down to the packet", async () => {
    await page
      .getByRole("link", { name: /^127\.0\.0\.1/ })
      .first()
      .click();
    await page.locator("table.checks tbody a").first().click();
    await page.getByText("transmit time stamp").first().waitFor();
    await page.getByLabel("48 bytes in hexadecimal").first().waitFor();
    await page
      .getByText(/RFC 5905/)
      .first()
      .waitFor();
    expect(await findingsOfAxe()).toEqual([]);
  });

  test("the live page goes back to what is stored, and its export is that as a file", async () => {
    const address = page.url();
    await page.getByRole("link", { name: "Live" }).first().click();
    const rows = page.locator("table.live-checks tbody tr");
    await rows.first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByLabel("Shown until").press("ArrowLeft");
    await page.getByText("Stored checks, as of then").waitFor();
    await rows.first().waitFor();
    const shown = await rows.count();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export CSV" }).click(),
    ]);
    const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
    expect(lines[0]).toMatch(/^id,at,server_id,server,/);
    expect(lines.length).toBeGreaterThan(shown);
    expect(await findingsOfAxe()).toEqual([]);
    await page.getByLabel("Speed").selectOption("60");
    await page.getByRole("button", { name: "Play" }).click();
    await page.getByText("As they arrive").waitFor();
    await page.goto(address);
  });

  test("the address of a check is the same view after a reload, without the key", async () => {
    expect(new URL(page.url()).pathname).toMatch(/^\/checks\/\d+$/);
    await page.reload();
    await page.getByText("transmit time stamp").first().waitFor();
  });

  test("nothing was amiss in the browser's console", () => {
    expect(troubles).toEqual([]);
  });
});
