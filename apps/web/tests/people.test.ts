// The pages about people, in a real browser against the fake: what is offered, what is asked first, what is told once.

import type { Page } from "playwright-core";
import { decodeQR } from "qr/decode.js";
import { describe, expect, test } from "vitest";
import { axeFindings } from "./_axe.ts";
import { browserPath, expectNoSidewaysScroll, visit } from "./_browser.ts";
import { useFakeInBrowser } from "./_fake-in-browser.ts";

const LIMIT_MS = 120_000;
const PASSWORD = "correct horse battery staple";

/** What a camera would read, decoded from the pixels that the browser has drawn. */
async function textOfPng(page: Page, png: Buffer): Promise<string> {
  const { width, height, data } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const drawing = canvas.getContext("2d");
    drawing?.drawImage(bitmap, 0, 0);
    const pixels = drawing?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? [];
    return { width: bitmap.width, height: bitmap.height, data: [...pixels] };
  }, png.toString("base64"));
  return decodeQR({ width, height, data: Uint8Array.from(data) });
}

describe.skipIf(browserPath() === undefined)("people", { timeout: LIMIT_MS }, () => {
  const world = useFakeInBrowser(LIMIT_MS);

  test.each([390, 1280])("an invitation tells its link once, at %i pixels", async (width) => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/people`, { width });
    const { page } = open;
    await page.getByRole("button", { name: "Invite somebody" }).click();
    await page.getByLabel("Name or e-mail address").fill("ken");
    await page.getByLabel("Role", { exact: true }).selectOption({ index: 1 });
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Make a link" }).click();
    await page.getByRole("heading", { name: "A link for ken" }).waitFor();
    await page.getByText(/welcome#tcl_/).waitFor();
    await page.getByRole("combobox", { name: "Role of ken" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, "people");
    await page.getByRole("button", { name: "I have it" }).click();
    expect(await page.getByText(/welcome#tcl_/).count()).toBe(0);
  });

  test("an invitation of a name that is taken keeps what was typed", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/people`);
    const { page } = open;
    await page.getByRole("button", { name: "Invite somebody" }).click();
    await page.getByLabel("Name or e-mail address").fill("grace");
    await page.getByRole("button", { name: "Make a link" }).click();
    await page.getByText(/there is a user named "grace"/).waitFor();
    expect(await page.getByLabel("Name or e-mail address").inputValue()).toBe("grace");
  });

  test("a role is changed at once and taken back, a lock-out asks first", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/people`);
    const { page } = open;
    const role = page.getByRole("combobox", { name: "Role of grace" });
    await role.selectOption({ label: "admin" });
    await page.getByText("grace is admin now").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("grace is operator again").waitFor();
    await page.getByRole("button", { name: "Lock out grace" }).click();
    const dialog = page.getByRole("dialog", { name: "Lock grace out?" });
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Leave it" }).click();
    expect(await page.getByText("locked out", { exact: true }).count()).toBe(1);
    await page.getByRole("button", { name: "Lock out grace" }).click();
    await dialog.getByRole("button", { name: /^Lock out/ }).click();
    await page.getByText("grace is locked out").waitFor();
    await page.getByRole("button", { name: "Let in again grace" }).click();
    await page.getByText("grace may sign in again").waitFor();
  });

  test("a key is told once, and revoked after a question", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/people`);
    const { page } = open;
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.getByLabel("What it is for").fill("backup");
    await page.getByRole("button", { name: "Make the key" }).click();
    await page.getByText(/^tca_k+$/).waitFor();
    await page.getByRole("button", { name: "Revoke the key grafana" }).click();
    const dialog = page.getByRole("dialog", { name: "Revoke the key grafana?" });
    await dialog.getByRole("button", { name: /^Revoke/ }).click();
    await page.getByText("The key grafana opens nothing any more").waitFor();
    await page.getByRole("rowheader", { name: "backup" }).waitFor();
  });

  test.each([390, 1280])("somebody signs in by name and out again, at %i pixels", async (width) => {
    const { browser, fake } = world;
    fake.people.signedInAs = "ada@example.net";
    fake.admin.sessionNeeded = true;
    await using open = await visit(browser, `${fake.url}/people`, { width });
    const { page } = open;
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel("Name or e-mail address").fill("ada@example.net");
    await page.getByLabel("Password").fill("a wrong one");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(/the name or the password is wrong/).waitFor();
    expect(await page.getByLabel("Name or e-mail address").inputValue()).toBe("ada@example.net");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("You are ada@example.net, admin.").waitFor();
    expect(new URL(page.url()).pathname).toBe("/people");
    await page.getByRole("button", { name: "Change password" }).click();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, "signed in");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  test.each([390, 1280])(
    "somebody is led to the provider, and told why not, at %i pixels",
    async (width) => {
      const { browser, fake } = world;
      fake.people.signedInAs = "ada@example.net";
      fake.people.provider = "Example login";
      await using open = await visit(browser, `${fake.url}/people`, { width });
      const { page } = open;
      await page.getByText("You are ada@example.net, admin.").waitFor();
      expect(await page.getByRole("button", { name: "Change password" }).count()).toBe(0);
      await page.getByRole("button", { name: "Sign out" }).click();
      const way = page.getByRole("link", { name: "Sign in with Example login" });
      expect(await way.getAttribute("href")).toBe("/sign-in/oidc");
      const out = page.getByRole("link", { name: "sign out there as well" });
      expect(await out.getAttribute("href")).toBe("/sign-in/oidc/sign-out");
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "signed out");
      await page.goto(`${fake.url}/?sign_in_refused=no_role`);
      await page.getByText(/Ask an admin which group you need/).waitFor();
      expect(await out.count()).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "refused");
    },
  );

  test.each([390, 1280])("a second factor is read by a phone, at %i pixels", async (width) => {
    const { browser, fake } = world;
    fake.people.signedInAs = "ada@example.net";
    await using open = await visit(browser, `${fake.url}/people`, { width, scheme: "dark" });
    const { page } = open;
    await page.getByRole("button", { name: "Second factor: off" }).click();
    await page.getByLabel("Your password").fill(PASSWORD);
    await page.getByRole("button", { name: "Show the code for the app" }).click();
    const picture = page.getByRole("img", { name: "QR code with the secret below" });
    const png = await picture.screenshot();
    const read = await textOfPng(page, png);
    expect(read).toMatch(/^otpauth:\/\/totp\/.*secret=[A-Z2-7]{32}/);
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, "second factor");
    await page.getByLabel("The code that the app shows now").fill("000000");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText(/the code is wrong/).waitFor();
    await page.getByLabel("The code that the app shows now").fill("123456");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("heading", { name: "Recovery codes" }).waitFor();
    await page.getByText("ABCD-EFGH-IJKL-MNOJ").waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("button", { name: "Second factor: on" }).click();
    await page.getByLabel("Your password").fill(PASSWORD);
    await page.getByLabel("A code of the app, or a recovery code").fill("123456");
    await page.getByRole("button", { name: "New recovery codes" }).click();
    await page.getByText("NEWC-ODES-NEWC-ODES").waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Name or e-mail address").fill("ada@example.net");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("A code of your app, or a recovery code").fill("123456");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: /servers agree/ }).waitFor();
  });

  test.each([390, 1280])("passkeys are added where they work, at %i pixels", async (width) => {
    const { browser, fake } = world;
    fake.people.signedInAs = "ada@example.net";
    const named = fake.url.replace("127.0.0.1", "localhost");
    fake.people.passkeyOrigin = named;
    await using open = await visit(browser, `${named}/people`, { width });
    const { page } = open;
    const devTools = await open.context.newCDPSession(page);
    await devTools.send("WebAuthn.enable");
    await devTools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    await page.getByRole("button", { name: "Passkeys: none" }).click();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel("Your password").fill(PASSWORD);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("PASS-KEYC-ODEP-ASSK").waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("button", { name: /^Change Chrome/ }).click();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, "passkeys");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
    await page.getByLabel("Name or e-mail address").fill("ada@example.net");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("button", { name: "Use your passkey" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page, "signing in with a passkey");
  });

  test.each([390, 1280])(
    "where passkeys do not work the page says why, at %i pixels",
    async (width) => {
      const { browser, fake } = world;
      fake.people.signedInAs = "ada@example.net";
      await using open = await visit(browser, `${fake.url}/people`, { width });
      const { page } = open;
      await page.getByRole("button", { name: "Passkeys: none" }).click();
      await page.getByText('listen.public_url = "https://clocks.example"').waitFor();
      expect(await page.getByRole("button", { name: "Add a passkey" }).count()).toBe(0);
      await expectNoSidewaysScroll(page, "nowhere");
      fake.people.passkeyOrigin = "https://clocks.example";
      await page.reload();
      await page.getByRole("button", { name: "Passkeys: none" }).click();
      await page.getByRole("link", { name: "https://clocks.example" }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "elsewhere");
    },
  );

  test("on a narrow screen the buttons of a user leave the words beside the name whole", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/people`, { width: 390 });
    const words = open.page.getByText("with 2 passkeys");
    await words.waitFor();
    const linePx = await words.evaluate((element) =>
      Number.parseFloat(getComputedStyle(element).lineHeight),
    );
    expect((await words.boundingBox())?.height).toBeCloseTo(linePx, 0);
  });

  test("lost second factors are removed after a question", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/people`);
    const { page } = open;
    await page.getByText("with 2 passkeys").waitFor();
    await page.getByRole("button", { name: "Remove factors of grace" }).click();
    const dialog = page.getByRole("dialog", { name: "Remove the second factors of grace?" });
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole("button", { name: /^Remove factors/ }).click();
    await page.getByText("grace signs in with the password alone").waitFor();
    // It is told at once, and the list is asked for again meanwhile.
    await page.getByText("with 2 passkeys").waitFor({ state: "detached" });
  });

  test.each([390, 1280])(
    "whoever has several accounts, which an admin has set, chooses one, at %i pixels",
    async (width) => {
      const { browser, fake } = world;
      await using open = await visit(browser, `${fake.url}/people`, { width });
      const { page } = open;
      await page.getByRole("button", { name: "Change the accounts of grace" }).click();
      const form = page.getByRole("form", { name: "Accounts of grace" });
      await form.getByLabel("Home").check();
      await form.getByLabel("Lab").check();
      expect(await form.getByLabel("all accounts at once").isChecked()).toBe(false);
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "the accounts of a user");
      await form.getByRole("button", { name: "Set the accounts" }).click();
      await page.getByText("Home, Lab").waitFor();
      fake.people.signedInAs = "grace";
      await page.reload();
      await page.getByText("You are grace, operator of the account Home.").waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page, "several accounts");
      await page.getByLabel("Account", { exact: true }).selectOption({ label: "Lab" });
      await page.waitForURL(`${fake.url}/`);
      await page.goto(`${fake.url}/people`);
      await page.getByText("You are grace, operator of the account Lab.").waitFor();
    },
  );

  test("a viewer sees nothing that would be refused", async () => {
    const { browser, fake } = world;
    fake.people.signedInAs = "grace";
    await using open = await visit(browser, `${fake.url}/people`);
    const { page } = open;
    await page.getByText("You are grace, operator.").waitFor();
    for (const name of ["Users", "API keys"])
      expect(await page.getByRole("heading", { name }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Audit trail" }).count()).toBe(0);
  });

  test("a one-time link leaves the address, and a password is set that can be seen", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/welcome#tcl_link-number-7`);
    const { page } = open;
    await page.getByRole("heading", { name: "Welcome, linus" }).waitFor();
    expect(page.url()).not.toContain("tcl_");
    const set = page.getByRole("button", { name: "Set it and sign in" });
    await page.getByLabel("Password").fill("fourteen chars");
    await page.getByText("1 more").waitFor();
    expect(await set.isDisabled()).toBe(true);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Show" }).click();
    expect(await page.getByLabel("Password").getAttribute("type")).toBe("text");
    await set.click();
    await page.getByText("Signed in as linus").waitFor();
    await page.waitForURL(`${fake.url}/`);
  });

  test("a link that was used says so", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/welcome#tcl_used`);
    await open.page.getByText(/unknown, used or too old/).waitFor();
  });

  test("the trail is searched in the address, and verified when asked", async () => {
    const { browser, fake } = world;
    await using open = await visit(browser, `${fake.url}/audit`);
    const { page } = open;
    const rows = page.getByRole("row");
    await page.getByText("servers paused").waitFor();
    await page.getByLabel("What").fill("role");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("button", { name: "Show all" }).waitFor();
    await page.getByText("servers paused").waitFor({ state: "hidden" });
    expect(new URL(page.url()).search).toBe("?what=role");
    expect(await rows.count()).toBe(2);
    expect(await page.locator("del").innerText()).toContain("viewer");
    expect(await page.locator("ins").innerText()).toContain("operator");
    await page.goBack();
    await page.getByText("servers paused").waitFor();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText(/^Whole/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(open.troubles).toEqual([]);
  });
});
