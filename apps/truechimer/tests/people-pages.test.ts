// The pages about people against the real control plane: from the printed address to a first admin, an invited viewer who
// may change nothing, and the trail of it all.

import { systemClock, systemRandom } from "@truechimer/base";
import { createServer, LOCAL_POLICY, type Server } from "@truechimer/server";
import { useDatabase } from "@truechimer/testing-postgres";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findWebRoot } from "../src/web-root.ts";
import { browserPath, launchBrowser } from "./_browser.ts";

const database = await useDatabase();
// Each step takes a second; the limits are for a host that is busy with other tests.
const LIMIT_MS = 120_000;
const ADMIN_PASSWORD = "correct horse battery staple";
const VIEWER_PASSWORD = "another horse, another battery";

vi.setConfig({ testTimeout: LIMIT_MS });

describe.skipIf(browserPath() === undefined)("people on the real pages", () => {
  let server: Server;
  let browser: Browser;
  let admin: Page;

  beforeAll(async () => {
    const webRoot = await findWebRoot();
    server = await createServer({
      database,
      clock: systemClock,
      random: systemRandom,
      version: "0.0.0-test",
      listen: { host: "127.0.0.1", port: 0 },
      policy: LOCAL_POLICY,
      masterKey: Buffer.alloc(32, 7),
      roles: ["api"],
      ...(webRoot === undefined ? {} : { webRoot }),
    });
    await server.start();
    browser = await launchBrowser();
    admin = await newPage();
  }, LIMIT_MS);

  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  }, LIMIT_MS);

  /** Of a browser that knows nothing yet. */
  async function newPage(): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS / 4);
    return page;
  }

  test("whoever was let in by the printed address becomes the first admin", async () => {
    const { url } = await server.createLoginUrl();
    await admin.goto(url);
    await admin.goto(`${server.url}/people`);
    await admin.getByText("This browser was let in with a one-time key").waitFor();
    await admin.getByLabel("Your name or e-mail address").fill("ada@example.net");
    await admin.getByLabel("A password").fill(ADMIN_PASSWORD);
    await admin.getByRole("button", { name: "Make me the first admin" }).click();
    await admin.getByText("You are ada@example.net, admin.").waitFor();
    // The owner's session of this browser is no more: a new one was made.
    const { rows } = await database.pool.query("select 1 from admin_sessions");
    expect(rows).toEqual([]);
  });

  test("a viewer whom the admin invites sets a password, and may change nothing", async () => {
    await admin.getByRole("button", { name: "Invite somebody" }).click();
    await admin.getByLabel("Name or e-mail address").fill("grace");
    await admin.getByRole("button", { name: "Make a link" }).click();
    const link = await admin.getByText(/welcome#tcl_/).innerText();
    const viewer = await newPage();
    await viewer.goto(link);
    await viewer.getByRole("heading", { name: "Welcome, grace" }).waitFor();
    await viewer.getByLabel("Password").fill(VIEWER_PASSWORD);
    await viewer.getByRole("button", { name: "Set it and sign in" }).click();
    await viewer.waitForURL(`${server.url}/`);
    await viewer.goto(`${server.url}/people`);
    await viewer.getByText("You are grace, viewer.").waitFor();
    expect(await viewer.getByRole("heading", { name: "Users" }).count()).toBe(0);
    const refused = await viewer
      .context()
      .request.post(`${server.url}/truechimer.admin.v1.AdminService/AddServers`, {
        data: { targets: ["192.0.2.1"] },
        headers: { "content-type": "application/json" },
      });
    expect(refused.status()).toBe(403);
  });

  test("the admin locks the viewer out, whose page asks to sign in and lets nobody in", async () => {
    const viewer = await newPage();
    await viewer.goto(server.url);
    await viewer.getByLabel("Name or e-mail address").fill("GRACE");
    await viewer.getByLabel("Password").fill(VIEWER_PASSWORD);
    await viewer.getByRole("button", { name: "Sign in" }).click();
    await viewer.getByRole("link", { name: "grace" }).waitFor();
    await admin.reload();
    await admin.getByRole("button", { name: "Lock out grace" }).click();
    await admin
      .getByRole("dialog")
      .getByRole("button", { name: /^Lock out/ })
      .click();
    await admin.getByText("grace is locked out").waitFor();
    await viewer.getByRole("heading", { name: "Sign in" }).waitFor();
    await viewer.getByLabel("Name or e-mail address").fill("grace");
    await viewer.getByLabel("Password").fill(VIEWER_PASSWORD);
    await viewer.getByRole("button", { name: "Sign in" }).click();
    await viewer.getByText(/the name or the password is wrong/).waitFor();
  });

  test("the trail has all of it, by name, and is whole", async () => {
    await admin.getByRole("link", { name: "Audit trail" }).click();
    await admin.getByRole("rowheader", { name: /user disabled/ }).waitFor();
    for (const act of [/user invited/, /password set/, /session opened/])
      expect(await admin.getByRole("rowheader", { name: act }).count()).toBeGreaterThan(0);
    await admin.getByRole("button", { name: "Verify" }).click();
    await admin.getByText(/^Whole/).waitFor();
  });

  test("signing out leaves nothing that holds", async () => {
    const [cookie] = await admin.context().cookies();
    await admin.goto(`${server.url}/people`);
    await admin.getByRole("button", { name: "Sign out" }).click();
    await admin.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await admin.context().cookies()).toEqual([]);
    const answer = await fetch(`${server.url}/truechimer.admin.v1.PeopleService/GetCaller`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        cookie: `${cookie?.name ?? ""}=${cookie?.value ?? ""}`,
      },
      body: "{}",
    });
    expect(answer.status).toBe(401);
  });
});
