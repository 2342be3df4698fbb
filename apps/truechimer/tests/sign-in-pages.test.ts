// The ways into the real dashboard that need another party: a device with passkeys, and an OpenID Connect provider with pages of
// its own. The browser's device is Chromium's virtual authenticator, which makes real keys and signs with them.

import { systemClock, systemRandom } from "@truechimer/base";
import { createServer, LOCAL_POLICY, type Server } from "@truechimer/server";
import { CLIENT, useProvider } from "@truechimer/testing-oidc";
import { useDatabase } from "@truechimer/testing-postgres";
import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findWebRoot } from "../src/web-root.ts";
import { browserPath, launchBrowser } from "./_browser.ts";

const database = await useDatabase();
// Another site than the dashboard, so that the browser keeps its strict cookies to itself on the way back.
const provider = await useProvider({ host: "localhost" });
// Each step takes a second; the limits are for a host that is busy with other tests.
const LIMIT_MS = 120_000;
const PASSWORD = "correct horse battery staple";

vi.setConfig({ testTimeout: LIMIT_MS });

describe.skipIf(browserPath() === undefined)("signing in on the real pages", () => {
  let server: Server;
  let browser: Browser;
  /** Where passkeys work: the listener's own name. */
  let named: string;

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
      oidc: {
        ...CLIENT,
        issuer: provider.issuer,
        scopes: ["openid", "profile"],
        name: "Example login",
        roleClaim: "groups",
        roles: new Map([["staff", "operator"]]),
        nameClaim: "preferred_username",
      },
      ...(webRoot === undefined ? {} : { webRoot }),
    });
    await server.start();
    provider.open([server.url]);
    provider.people.set("subject-7", { preferred_username: "linus", groups: ["staff"] });
    named = server.url.replace("127.0.0.1", "localhost");
    browser = await launchBrowser();
  }, LIMIT_MS);

  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  }, LIMIT_MS);

  /** Of a browser that knows nothing yet. */
  async function newPage(): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    // The provider's pages ask for a font of the Internet.
    await context.route(
      ({ hostname }) => hostname !== "localhost" && hostname !== "127.0.0.1",
      (route) => route.abort(),
    );
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS / 4);
    return page;
  }

  async function setVerified(
    { devTools, authenticatorId }: Device,
    isUserVerified: boolean,
  ): Promise<void> {
    await devTools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  }

  interface Device {
    readonly devTools: CDPSession;
    readonly authenticatorId: string;
  }

  /** A laptop that knows its holder by a finger. */
  async function addDevice(page: Page): Promise<Device> {
    const devTools = await page.context().newCDPSession(page);
    await devTools.send("WebAuthn.enable");
    const { authenticatorId } = await devTools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return { devTools, authenticatorId };
  }

  describe("a passkey", () => {
    let page: Page;
    let device: Device;

    beforeAll(async () => {
      page = await newPage();
      device = await addDevice(page);
      const { url } = await server.createLoginUrl();
      await page.goto(url.replace("127.0.0.1", "localhost"));
      await page.goto(`${named}/people`);
      await page.getByLabel("Your name or e-mail address").fill("ada");
      await page.getByLabel("A password").fill(PASSWORD);
      await page.getByRole("button", { name: "Make me the first admin" }).click();
      await page.getByText("You are ada, admin.").waitFor();
    }, LIMIT_MS);

    test("is added with the password, and recovery codes are told once", async () => {
      await page.getByRole("button", { name: "Passkeys: none" }).click();
      await page.getByLabel("Name of the new passkey").fill("my laptop");
      await page.getByLabel("Your password").fill("a wrong one");
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByText(/the current password is wrong/).waitFor();
      await page.getByLabel("Your password").fill(PASSWORD);
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByRole("heading", { name: "Recovery codes" }).waitFor();
      await page.getByRole("button", { name: "I have it" }).click();
      await page.getByRole("rowheader", { name: "my laptop" }).waitFor();
      const { credentials } = await device.devTools.send("WebAuthn.getCredentials", {
        authenticatorId: device.authenticatorId,
      });
      expect(credentials).toMatchObject([{ rpId: "localhost", isResidentCredential: true }]);
    });

    test("that the device has already is not made again, and the page says so", async () => {
      await page.getByLabel("Name of the new passkey").fill("twice");
      await page.getByLabel("Your password").fill(PASSWORD);
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByText(/has a passkey of yours already/).waitFor();
      expect(await page.getByRole("rowheader", { name: "twice" }).count()).toBe(0);
    });

    test("signs in alone", async () => {
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.getByRole("link", { name: "ada" }).waitFor();
      await page.goto(`${named}/people`);
      await page.getByText("You are ada, admin.").waitFor();
    });

    test("of a device that does not know its holder does not", async () => {
      await page.getByRole("button", { name: "Sign out" }).click();
      await setVerified(device, false);
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.getByText(/no passkey was used/).waitFor();
      await setVerified(device, true);
    });

    test("is asked for after the password", async () => {
      await page.getByLabel("Name or e-mail address").fill("ada");
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByLabel("Or a recovery code").waitFor();
      await page.getByRole("button", { name: "Use your passkey" }).click();
      await page.getByRole("link", { name: "ada" }).waitFor();
    });

    test("is not offered at an address, where the page says why and where it is", async () => {
      const elsewhere = await newPage();
      await elsewhere.goto(server.url);
      await elsewhere.getByText("not at an address such as this one").waitFor();
      expect(await elsewhere.getByRole("button", { name: "Sign in with a passkey" }).count()).toBe(
        0,
      );
      await elsewhere.getByRole("link", { name: named }).click();
      await elsewhere.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
    });

    test("is renamed, and removed when it signs for that; then the password is enough", async () => {
      await page.goto(`${named}/people`);
      await page.getByRole("button", { name: "Passkeys: 1" }).click();
      await page.getByRole("button", { name: "Change my laptop" }).click();
      await page.getByLabel("Name", { exact: true }).fill("old laptop");
      await page.getByRole("button", { name: "Rename" }).click();
      await page.getByRole("button", { name: "Change old laptop" }).click();
      const form = page.getByRole("form", { name: "Change the passkey old laptop" });
      await form.getByLabel("Your password").fill(PASSWORD);
      await form.getByRole("button", { name: "Remove the passkey" }).click();
      await page.getByText("The passkey old laptop was removed").waitFor();
      await page.getByRole("button", { name: "Passkeys: none" }).waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Name or e-mail address").fill("ada");
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("link", { name: "ada" }).waitFor();
    });
  });

  describe("an OpenID Connect provider", () => {
    test("lets in by its own pages, and signs out there as well", async () => {
      const page = await newPage();
      await page.goto(server.url);
      await page.getByRole("link", { name: "Sign in with Example login" }).click();
      await page.waitForURL(`${provider.issuer}/interaction/**`);
      await page.getByPlaceholder("Enter any login").fill("subject-7");
      await page.getByPlaceholder("and password").fill("any");
      await page.getByRole("button", { name: "Sign-in" }).click();
      await page.getByRole("button", { name: "Continue" }).click();
      await page.waitForURL(`${server.url}/`);
      await page.getByRole("link", { name: "linus" }).waitFor();
      const session = await page.context().cookies(server.url);
      expect(session).toMatchObject([{ httpOnly: true, sameSite: "Strict" }]);

      await page.goto(`${server.url}/people`);
      await page.getByText("You are linus, operator.").waitFor();
      expect(await page.getByRole("button", { name: "Change password" }).count()).toBe(0);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("link", { name: "sign out there as well" }).click();
      await page.getByRole("button", { name: /Yes, sign me out/ }).click();
      await page.waitForURL(`${server.url}/`);
      expect(await page.context().cookies(server.url)).toEqual([]);

      // Nothing is remembered at either side: the provider asks again who it is.
      await page.getByRole("link", { name: "Sign in with Example login" }).click();
      await page.getByPlaceholder("Enter any login").waitFor();
    });

    test("that is left half way lets nobody in, and the page says what to do", async () => {
      const page = await newPage();
      await page.goto(server.url);
      await page.getByRole("link", { name: "Sign in with Example login" }).click();
      await page.getByRole("link", { name: /Cancel/ }).click();
      await page
        .getByRole("alert")
        .getByText(/The provider did not let you in/)
        .waitFor();
      await page.getByRole("link", { name: "Sign in with Example login" }).waitFor();
      expect(await page.context().cookies(server.url)).toEqual([]);
    });

    test("whose answer is opened again lets nobody in by it", async () => {
      const page = await newPage();
      let answer = "";
      page.on("request", (request) => {
        if (request.url().includes("/sign-in/oidc/callback")) answer = request.url();
      });
      await page.goto(server.url);
      await page.getByRole("link", { name: "Sign in with Example login" }).click();
      await page.getByPlaceholder("Enter any login").fill("subject-7");
      await page.getByPlaceholder("and password").fill("any");
      await page.getByRole("button", { name: "Sign-in" }).click();
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByRole("link", { name: "linus" }).waitFor();
      expect(answer).toContain("code=");
      const other = await newPage();
      await other.goto(answer);
      await other
        .getByRole("alert")
        .getByText(/was not begun in this browser/)
        .waitFor();
      expect(await other.context().cookies(server.url)).toEqual([]);
    });
  });
});
