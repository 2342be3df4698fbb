// Signing in at an OpenID Connect provider, from its discovery to the sign-out there, as a browser does it.

import { peopleV1 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { CLIENT, useProvider } from "@truechimer/testing-oidc";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import type { OidcSettings } from "../src/index.ts";
import { createOidcClient } from "../src/oidc/oidc-client.ts";
import { type Browser, createBrowser, type Page } from "./_oidc.ts";
import { useServer } from "./_test-server.ts";
import { createUser, peopleClient } from "./_users.ts";

const { Role } = peopleV1;
const database = await useDatabase();
const provider = await useProvider();
const oidc: OidcSettings = {
  ...CLIENT,
  issuer: provider.issuer,
  scopes: ["openid", "profile"],
  name: "Example login",
  roleClaim: "groups",
  roles: new Map([
    ["staff", "viewer"],
    ["clocks", "operator"],
  ]),
  nameClaim: "preferred_username",
};
const rateLimits = { login_failures: { max: 1_000 } };
const { server, adminKey } = await useServer(database, { oidc, rateLimits });
const { server: replica } = await useServer(database, { oidc, rateLimits, publicUrl: server.url });
const { server: withAccounts } = await useServer(database, {
  oidc: { ...oidc, accountClaim: "account" },
  rateLimits,
});
const { server: strict } = await useServer(database, {
  oidc,
  agents: { trustedProxies: ["127.0.0.1"] },
  rateLimits: { login_failures: { max: 3 }, oidc_sign_ins: { max: 2 } },
});
provider.open([server.url, withAccounts.url, strict.url]);
const admin = peopleClient(server.url, { authorization: `Bearer ${adminKey}` });

/** To the provider, through its pages, and back. */
async function signIn(
  browser: Browser,
  subject: string,
  { at = server.url, until }: { readonly at?: string; readonly until?: string } = {},
): Promise<Page> {
  const login = await browser.open(`${at}/sign-in/oidc`);
  if (login.url.origin !== provider.issuer) return login;
  const consent = await browser.submit(login, { login: subject, password: "any" });
  return browser.submit(consent, {}, until);
}

function callerOf(browser: Browser, url = server.url): ReturnType<typeof admin.getCaller> {
  return peopleClient(url, { cookie: browser.cookies(url) }).getCaller({});
}

async function usersOf(name: string): Promise<readonly peopleV1.User[]> {
  const { users } = await admin.listUsers({});
  return users.filter((user) => user.name === name);
}

async function acts(name: string): Promise<readonly string[]> {
  const { entries } = await admin.listAuditEntries({ pageSize: 1_000 });
  return entries
    .filter(({ actorName }) => actorName === name)
    .map(({ act }) => act)
    .toReversed();
}

function refusalOf({ url }: Page): string | null {
  return url.searchParams.get("sign_in_refused");
}

describe("the first sign-in", () => {
  test("makes the user, and the next one with another group changes the role; the sign-out leads to the provider's", async () => {
    provider.people.set("sub-ada", { preferred_username: "ada", groups: ["cooks", "staff"] });
    const browser = createBrowser();
    const home = await signIn(browser, "sub-ada");
    expect(home.url.href).toBe(`${server.url}/`);
    expect(browser.cookies(server.url)).toMatch(/^truechimer_[0-9a-f]{8}=tcu_[A-Za-z0-9_-]{43}$/);
    expect(await callerOf(browser)).toMatchObject({
      kind: "user",
      name: "ada",
      role: Role.VIEWER,
      withoutPassword: true,
    });
    await expect(
      peopleClient(server.url, { cookie: browser.cookies(server.url) }).changePassword({
        currentPassword: "",
        newPassword: "one of fifteen characters",
      }),
    ).rejects.toMatchObject({ rawMessage: expect.stringContaining("no password here") });
    expect(await usersOf("ada")).toMatchObject([
      {
        byProvider: true,
        invited: false,
        createdBy: provider.issuer,
        role: Role.VIEWER,
        sessions: 1,
      },
    ]);

    provider.people.set("sub-ada", { preferred_username: "Ada L.", groups: "clocks" });
    const another = createBrowser();
    await signIn(another, "sub-ada");
    expect(await callerOf(another)).toMatchObject({ name: "ada", role: Role.OPERATOR });
    expect((await callerOf(browser)).role).toBe(Role.OPERATOR);
    expect(await acts("ada")).toEqual([
      "user_created",
      "session_opened",
      "user_role_set",
      "session_opened",
    ]);

    const people = peopleClient(server.url, { cookie: another.cookies(server.url) });
    const { providerSignOutUrl } = await people.signOut({});
    await expect(callerOf(another)).rejects.toMatchObject({ rawMessage: /session is needed/ });
    const asked = await another.open(providerSignOutUrl);
    expect(asked.url.origin).toBe(provider.issuer);
    const done = await another.submit(asked, { logout: "yes" });
    expect(done.url.href).toBe(`${server.url}/`);
    // Asked who he is again: nobody is signed in there any more.
    expect((await another.open(`${server.url}/sign-in/oidc`)).text).toContain('name="password"');
  });

  test("by ten browsers at once makes one user", async () => {
    provider.people.set("sub-race", { preferred_username: "race", groups: ["staff"] });
    const homes = await Promise.all(
      Array.from({ length: 10 }, () => signIn(createBrowser(), "sub-race")),
    );
    expect(homes.map(refusalOf)).toEqual(homes.map(() => null));
    expect(await usersOf("race")).toMatchObject([{ sessions: 10 }]);
  });

  test("does not take over a user of the same name, however it is written", async () => {
    await createUser(database, { name: "Grace@example.net", role: "admin" });
    provider.people.set("sub-other", {
      preferred_username: "grace@EXAMPLE.net",
      groups: ["staff"],
    });
    const browser = createBrowser();
    expect(refusalOf(await signIn(browser, "sub-other"))).toBe("name_taken");
    expect(browser.cookies(server.url)).toBe("");
    expect(await usersOf("Grace@example.net")).toMatchObject([
      { byProvider: false, role: Role.ADMIN },
    ]);
  });

  test.each([
    { why: "no_role", claims: { preferred_username: "nobody", groups: ["cooks"] } },
    { why: "no_role", claims: { preferred_username: "nobody" } },
    { why: "bad_name", claims: { preferred_username: "a\u202Eb", groups: ["staff"] } },
  ])("of somebody with $claims is refused: $why", async ({ why, claims }) => {
    provider.people.set("sub-refused", claims);
    const browser = createBrowser();
    expect(refusalOf(await signIn(browser, "sub-refused"))).toBe(why);
    expect(browser.cookies(server.url)).toBe("");
    expect(await usersOf(claims.preferred_username)).toEqual([]);
  });
});

test("a user who was locked out is not let in, whatever the provider says", async () => {
  provider.people.set("sub-out", { preferred_username: "out", groups: ["clocks"] });
  const browser = createBrowser();
  await signIn(browser, "sub-out");
  const [user] = await usersOf("out");
  await admin.setUserDisabled({ id: user?.id ?? "", disabled: true });
  await expect(callerOf(browser)).rejects.toMatchObject({ rawMessage: /session is needed/ });
  expect(refusalOf(await signIn(createBrowser(), "sub-out"))).toBe("locked_out");
});

test("accounts are those that the claim names, and there is no way in without", async () => {
  const { account } = await admin.createAccount({ name: "North" });
  const north = account?.id ?? "";
  const at = withAccounts.url;
  const base = { preferred_username: "bound", groups: ["staff"] };
  for (const claims of [
    base,
    { ...base, account: "south" },
    { ...base, account: [north, "south"] },
  ]) {
    provider.people.set("sub-bound", claims);
    expect(refusalOf(await signIn(createBrowser(), "sub-bound", { at }))).toBe("no_account");
  }
  provider.people.set("sub-bound", { ...base, account: north });
  const browser = createBrowser();
  await signIn(browser, "sub-bound", { at });
  expect(await callerOf(browser, at)).toMatchObject({ name: "bound", account: { id: north } });
  const { account: second } = await admin.createAccount({ name: "Between" });
  const between = second?.id ?? "";
  provider.people.set("sub-bound", { ...base, account: [between, north] });
  await signIn(browser, "sub-bound", { at });
  const caller = await callerOf(browser, at);
  expect(caller).toMatchObject({ account: { id: between } });
  expect(caller.accounts.map(({ name }) => name)).toEqual(["Between", "North"]);
  provider.people.set("sub-bound", { ...base, account: north });
  await signIn(createBrowser(), "sub-bound", { at });
  expect((await callerOf(browser, at)).account?.id).toBe(north);
});

describe("the provider's answer", () => {
  const callback = `${server.url}/sign-in/oidc/callback`;

  test("is taken by another replica, once", async () => {
    provider.people.set("sub-twice", { preferred_username: "twice", groups: ["staff"] });
    const browser = createBrowser();
    const { url } = await signIn(browser, "sub-twice", { until: callback });
    const ask = (): Promise<Response> =>
      fetch(new URL(url.pathname + url.search, replica.url), {
        redirect: "manual",
        headers: { cookie: browser.cookies(callback) },
      });
    const answers = await Promise.all([ask(), ask(), ask()]);
    const places = answers.map(({ headers }) => headers.get("location") ?? "");
    expect(places.toSorted((one, other) => one.localeCompare(other))).toEqual([
      "/",
      "/?sign_in_refused=attempt_ended",
      "/?sign_in_refused=attempt_ended",
    ]);
    expect(await usersOf("twice")).toMatchObject([{ sessions: 1 }]);
  });

  test("is worth nothing in another browser, even one that is on its own way, and spends nothing there", async () => {
    provider.people.set("sub-mallory", { preferred_username: "mallory", groups: ["staff"] });
    provider.people.set("sub-victim", { preferred_username: "victim", groups: ["staff"] });
    const mallory = await signIn(createBrowser(), "sub-mallory", { until: callback });
    const bystander = createBrowser();
    expect(refusalOf(await bystander.open(mallory.url.href))).toBe("attempt_ended");
    const victim = createBrowser();
    const own = await signIn(victim, "sub-victim", { until: callback });
    // His own state with her code: the code was bound to her verifier.
    const forged = new URL(own.url);
    forged.searchParams.set("code", mallory.url.searchParams.get("code") ?? "");
    expect(refusalOf(await victim.open(forged.href))).toBe("provider_refused");
    expect(victim.cookies(server.url)).toBe("");
    expect(await usersOf("mallory")).toEqual([]);
  });

  test("that is too late, or a refusal of the provider's, opens nothing", async () => {
    provider.people.set("sub-late", { preferred_username: "late", groups: ["staff"] });
    const browser = createBrowser();
    const late = await signIn(browser, "sub-late", { until: callback });
    await database.pool.query("update oidc_sign_ins set expires_at = now() - interval '1 second'");
    expect(refusalOf(await browser.open(late.url.href))).toBe("attempt_ended");
    const denied = createBrowser();
    const { url } = await signIn(denied, "sub-late", { until: callback });
    url.searchParams.delete("code");
    url.searchParams.set("error", "access_denied");
    expect(refusalOf(await denied.open(url.href))).toBe("provider_refused");
    expect(await usersOf("late")).toEqual([]);
  });

  test("ends the session that the browser had, and no secret of it is in the database", async () => {
    provider.people.set("sub-again", { preferred_username: "again", groups: ["staff"] });
    const browser = createBrowser();
    await signIn(browser, "sub-again");
    const before = browser.cookies(server.url);
    const { url } = await browser.open(`${server.url}/sign-in/oidc`, callback);
    const { rows } = await database.pool.query<{ readonly text: string }>(
      "select (t.*)::text as text from oidc_sign_ins t",
    );
    const state = url.searchParams.get("state") ?? "";
    expect(state).toHaveLength(43);
    expect(JSON.stringify(rows)).not.toContain(state);
    await browser.open(url.href);
    expect(browser.cookies(server.url)).not.toBe(before);
    await expect(peopleClient(server.url, { cookie: before }).getCaller({})).rejects.toMatchObject({
      rawMessage: /session is needed/,
    });
    expect(await usersOf("again")).toMatchObject([{ sessions: 1 }]);
  });
});

test("the page is told the way to the provider, where there is one", async () => {
  const ask = async (url: string): Promise<unknown> =>
    (
      await fetch(`${url}/truechimer.admin.v1.SignInService/GetSignInOptions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      })
    ).json();
  expect(await ask(server.url)).toMatchObject({
    providerUrl: `${server.url}/sign-in/oidc`,
    providerName: "Example login",
  });
});

test("sign-ins that are begun, and those that fail, are limited by address", async () => {
  // Of an address that nothing else here comes from.
  const headers = { "x-forwarded-for": "192.0.2.77" };
  const ask = async (path: string): Promise<number> =>
    (await fetch(`${strict.url}${path}`, { redirect: "manual", headers })).status;
  const begun = [];
  for (let attempt = 0; attempt < 3; attempt += 1) begun.push(await ask("/sign-in/oidc"));
  expect(begun).toEqual([303, 303, 429]);
  const failed = [];
  for (let attempt = 0; attempt < 5; attempt += 1)
    failed.push(await ask("/sign-in/oidc/callback?state=none&code=none"));
  expect(failed).toEqual([303, 303, 303, 429, 429]);
});

test("a provider that does not answer is no failure of the person's", async () => {
  const client = createOidcClient({ ...oidc, issuer: "http://127.0.0.1:1" }, systemClock);
  const proof = { state: "a", nonce: "b", codeVerifier: "c".repeat(43) };
  await expect(client.signInUrl("http://127.0.0.1/", proof)).rejects.toMatchObject({
    code: "peer_unreachable",
  });
});
