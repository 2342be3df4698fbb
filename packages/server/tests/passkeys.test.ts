// Passkeys, with real keys and signatures: adding, signing in with one alone or after the password, and everything that an
// answer may have wrong.

import type { Client } from "@connectrpc/connect";
import type { peopleV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import { askHttp } from "./_agents.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { makePasskey, type TestPasskey, type Ways } from "./_passkey.ts";
import { useServer } from "./_test-server.ts";
import { createUser, PASSWORD, peopleClient, sessionCookie, type TestUser } from "./_users.ts";

const database = await useDatabase();
const rateLimits = { login_failures: { max: 100_000 } };
const { server, adminKey } = await useServer(database, { masterKey: MASTER_KEY, rateLimits });
const { server: replica } = await useServer(database, { publicUrl: server.url, rateLimits });
const admin = peopleClient(server.url, { authorization: `Bearer ${adminKey}` });
/** The listener is on loopback, whose name is localhost. */
const ORIGIN = server.url.replace("127.0.0.1", "localhost");

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly cookie: string;
  readonly codeNeeded?: boolean;
  readonly passkeyOptionsJson?: string;
  readonly hasOneTimePasswords?: boolean;
  readonly optionsJson?: string;
  readonly passkeyOrigin?: string;
  readonly byPasskey?: boolean;
}

async function ask(
  procedure: string,
  body: object,
  {
    url = server.url,
    headers = {},
  }: { readonly url?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const response = await fetch(`${url}/truechimer.admin.v1.SignInService/${procedure}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Partial<Answer>;
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  return { message: "", ...answer, status: response.status, cookie };
}

async function optionsToSign(): Promise<string> {
  return (await ask("BeginPasskeySignIn", {})).optionsJson ?? "";
}

async function signInBy(passkey: TestPasskey, ways: Ways = {}): Promise<Answer> {
  return ask("SignInWithPasskey", { passkeyJson: passkey.sign(await optionsToSign(), ways) });
}

interface Holder {
  readonly user: TestUser;
  readonly name: string;
  readonly cookie: string;
  readonly people: Client<typeof peopleV1.PeopleService>;
  readonly passkey: TestPasskey;
  readonly id: string;
  readonly recoveryCodes: readonly string[];
}

async function holder(name: string, ways: Ways = {}): Promise<Holder> {
  const user = await createUser(database, { name, role: "viewer" });
  const cookie = await sessionCookie(database, user.id);
  const people = peopleClient(server.url, { cookie });
  const { optionsJson } = await people.beginPasskey({ password: PASSWORD });
  const { json, passkey } = makePasskey(optionsJson, ORIGIN, ways);
  const { passkey: added, recoveryCodes } = await people.addPasskey({
    name: `${name}'s laptop`,
    passkeyJson: json,
  });
  return { user, name, cookie, people, passkey, id: added?.id ?? "", recoveryCodes };
}

function signIn(name: string, more: object = {}, password = PASSWORD): Promise<Answer> {
  return ask("SignIn", { name, password, ...more });
}

const REFUSED = { status: 401, cookie: "", message: expect.stringContaining("passkey") } as const;

describe("adding one", () => {
  test("needs the password, tells recovery codes once, and ends the user's other sessions", async () => {
    const user = await createUser(database, { name: "first", role: "viewer" });
    const [own, other] = [
      await sessionCookie(database, user.id),
      await sessionCookie(database, user.id),
    ];
    const people = peopleClient(server.url, { cookie: own });
    await expect(people.beginPasskey({ password: "wrong horse" })).rejects.toThrow(
      "current password is wrong",
    );
    const { optionsJson } = await people.beginPasskey({ password: PASSWORD });
    expect(JSON.parse(optionsJson)).toMatchObject({
      rp: { id: "localhost", name: "Truechimer" },
      user: { id: Buffer.from(user.idToken).toString("base64url"), name: "first" },
      attestation: "none",
    });
    const { json } = makePasskey(optionsJson, ORIGIN, { synced: true });
    const added = await people.addPasskey({ name: " My phone ", passkeyJson: json });
    expect(added.passkey).toMatchObject({ name: "My phone", site: "localhost", synced: true });
    expect(added.passkey?.lastUsedAt).toBeUndefined();
    expect(new Set(added.recoveryCodes).size).toBe(10);
    expect(await people.getCaller({})).toMatchObject({
      passkeys: 1,
      secondFactor: false,
      passkeyOrigin: ORIGIN,
    });
    await expect(peopleClient(server.url, { cookie: other }).getCaller({})).rejects.toThrow(
      "session",
    );
    const { users } = await admin.listUsers({});
    expect(users.find(({ name }) => name === "first")).toMatchObject({ passkeys: 1 });
    const { entries } = await admin.listAuditEntries({ who: "first", what: "passkey" });
    expect(entries.map(({ act }) => act)).toEqual(["passkey_added", "passkey_proposed"]);
  });

  test("another one needs the first, or a code, and tells no recovery codes", async () => {
    const { people, passkey, recoveryCodes } = await holder("second");
    await expect(people.beginPasskey({ password: PASSWORD })).rejects.toThrow("code is wrong");
    const proof = await people.beginPasskeyProof({});
    expect(JSON.parse(proof.optionsJson)).toMatchObject({
      rpId: "localhost",
      allowCredentials: [{ transports: ["internal"], type: "public-key" }],
    });
    const begun = await people.beginPasskey({
      password: PASSWORD,
      passkeyJson: passkey.sign(proof.optionsJson),
    });
    expect(JSON.parse(begun.optionsJson)).toMatchObject({
      excludeCredentials: [{ type: "public-key" }],
    });
    const { json } = makePasskey(begun.optionsJson, ORIGIN);
    const added = await people.addPasskey({ name: "key", passkeyJson: json });
    expect(added.recoveryCodes).toEqual([]);
    const [code = ""] = recoveryCodes;
    const again = await people.beginPasskey({ password: PASSWORD, code });
    expect(again.optionsJson).not.toBe("");
    const { passkeys } = await people.listPasskeys({});
    expect(passkeys.map(({ name }) => name)).toEqual(["key", "second's laptop"]);
  });

  test("is refused at another origin, in another site's page, twice, late, and to another user", async () => {
    const user = await createUser(database, { name: "refused", role: "viewer" });
    const people = peopleClient(server.url, { cookie: await sessionCookie(database, user.id) });
    const begin = async (): Promise<string> =>
      (await people.beginPasskey({ password: PASSWORD })).optionsJson;
    const add = (json: string): Promise<unknown> =>
      people.addPasskey({ name: "x", passkeyJson: json });
    for (const ways of [
      { origin: "http://localhost:1" },
      { origin: server.url },
      { origin: "https://localhost.example" },
      { crossOrigin: true },
    ]) {
      const { json } = makePasskey(await begin(), ORIGIN, ways);
      await expect(add(json)).rejects.toThrow("does not hold");
    }
    for (const json of ["", "{}", "null", "[1]", "{", `{"id": ${"9".repeat(70_000)}}`])
      await expect(add(json)).rejects.toThrow("does not hold");
    const late = makePasskey(await begin(), ORIGIN).json;
    await database.pool.query("update passkey_challenges set expires_at = now()");
    await expect(add(late)).rejects.toThrow("does not hold");
    const other = await createUser(database, { name: "thief", role: "viewer" });
    const thief = peopleClient(server.url, { cookie: await sessionCookie(database, other.id) });
    const theirs = makePasskey(await begin(), ORIGIN).json;
    await expect(thief.addPasskey({ name: "x", passkeyJson: theirs })).rejects.toThrow(
      "does not hold",
    );
    await add(theirs);
    await expect(add(theirs)).rejects.toThrow("does not hold");
    expect((await people.listPasskeys({})).passkeys).toHaveLength(1);
  });

  test("has an end at twenty", async () => {
    const { people, passkey, user } = await holder("collector");
    await database.pool.query(
      `insert into user_passkeys (id_token, user_id, credential_id, public_key, rp_id, name)
       select 'collected ' || n, $1, int4send(n), 'x', 'localhost', 'x' from generate_series(1, 19) n`,
      [user.id],
    );
    const { optionsJson } = await people.beginPasskeyProof({});
    const passkeyJson = passkey.sign(optionsJson);
    await expect(people.beginPasskey({ password: PASSWORD, passkeyJson })).rejects.toThrow(
      "at most 20",
    );
  });

  test("is nothing that a key or the owner's session can do", async () => {
    await expect(admin.beginPasskey({ password: PASSWORD })).rejects.toThrow("a key has none");
    await expect(admin.listPasskeys({})).rejects.toThrow("a key has none");
  });
});

describe("a sign-in with one alone", async () => {
  const ada = await holder("ada");

  test("opens a new session, ends the one that the browser had, and is in the trail", async () => {
    expect(await ask("GetSignInOptions", {})).toMatchObject({
      byPasskey: true,
      passkeyOrigin: ORIGIN,
    });
    const options = JSON.parse(await optionsToSign()) as object;
    expect(options).toMatchObject({ rpId: "localhost", userVerification: "required" });
    const passkeyJson = ada.passkey.sign(JSON.stringify(options));
    const { cookie } = await ask(
      "SignInWithPasskey",
      { passkeyJson },
      { headers: { cookie: ada.cookie } },
    );
    expect(cookie).not.toBe("");
    expect(cookie).not.toBe(ada.cookie);
    expect(await peopleClient(server.url, { cookie }).getCaller({})).toMatchObject({ name: "ada" });
    await expect(ada.people.getCaller({})).rejects.toThrow("session");
    const { entries } = await admin.listAuditEntries({ who: "ada", what: "session_opened" });
    expect(entries[0]).toMatchObject({ object: "passkey" });
    const { passkeys } = await peopleClient(server.url, { cookie }).listPasskeys({});
    expect(passkeys[0]?.lastUsedAt).toBeDefined();
  });

  test("is taken by another replica, and by one of ten at once", async () => {
    const begun = await ask("BeginPasskeySignIn", {}, { url: replica.url });
    const passkeyJson = ada.passkey.sign(begun.optionsJson ?? "");
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        ask("SignInWithPasskey", { passkeyJson }, { url: [server, replica][index % 2]?.url ?? "" }),
      ),
    );
    expect(answers.filter(({ cookie }) => cookie !== "")).toHaveLength(1);
  });

  test("is refused again with the same answer", async () => {
    const passkeyJson = ada.passkey.sign(await optionsToSign());
    expect((await ask("SignInWithPasskey", { passkeyJson })).status).toBe(200);
    expect(await ask("SignInWithPasskey", { passkeyJson })).toMatchObject(REFUSED);
  });

  test("is refused with a challenge that nobody gave, is too old, or was for something else", async () => {
    const made = JSON.stringify({ rpId: "localhost", challenge: "A".repeat(43) });
    expect(await ask("SignInWithPasskey", { passkeyJson: ada.passkey.sign(made) })).toMatchObject(
      REFUSED,
    );
    const late = ada.passkey.sign(await optionsToSign());
    await database.pool.query("update passkey_challenges set expires_at = now()");
    expect(await ask("SignInWithPasskey", { passkeyJson: late })).toMatchObject(REFUSED);
    const after = await signIn("ada");
    const proof = ada.passkey.sign(after.passkeyOptionsJson ?? "");
    expect(await ask("SignInWithPasskey", { passkeyJson: proof })).toMatchObject(REFUSED);
    const free = ada.passkey.sign(await optionsToSign());
    expect(await signIn("ada", { passkeyJson: free })).toMatchObject({ status: 401, cookie: "" });
  });

  test("is refused at another origin, for another site, and in another site's page", async () => {
    for (const origin of ["https://localhost.example", "http://localhost:1", server.url])
      expect(await signInBy(ada.passkey, { origin })).toMatchObject(REFUSED);
    expect(await signInBy(ada.passkey, { crossOrigin: true })).toMatchObject(REFUSED);
    const options = JSON.parse(await optionsToSign()) as object;
    const passkeyJson = ada.passkey.sign(JSON.stringify({ ...options, rpId: "evil.example" }));
    expect(await ask("SignInWithPasskey", { passkeyJson })).toMatchObject(REFUSED);
  });

  test("goes by the configured address, whatever the request says of its host", async () => {
    const { port } = new URL(server.url);
    const host = `lab.localhost:${port}`;
    const at = async (procedure: string, body: object): Promise<{ status: number; body: string }> =>
      askHttp(`${server.url}/truechimer.admin.v1.SignInService/${procedure}`, {
        method: "POST",
        headers: { host, "x-forwarded-host": host, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const begun = await at("BeginPasskeySignIn", {});
    const { optionsJson } = JSON.parse(begun.body) as { optionsJson: string };
    expect(JSON.parse(optionsJson)).toMatchObject({ rpId: "localhost" });
    const passkeyJson = ada.passkey.sign(optionsJson, { origin: `http://${host}` });
    expect((await at("SignInWithPasskey", { passkeyJson })).status).toBe(401);
  });

  test("is refused unless the device knows its holder and says whom it signs for", async () => {
    expect(await signInBy(ada.passkey, { verified: false })).toMatchObject(REFUSED);
    expect(await signInBy(ada.passkey, { userHandle: null })).toMatchObject(REFUSED);
    const other = await createUser(database, { name: "victim", role: "admin" });
    const userHandle = Buffer.from(other.idToken).toString("base64url");
    expect(await signInBy(ada.passkey, { userHandle })).toMatchObject(REFUSED);
    expect((await signInBy(ada.passkey)).status).toBe(200);
  });

  test("is refused with an altered signature, or another key's", async () => {
    const answer = JSON.parse(ada.passkey.sign(await optionsToSign())) as {
      response: { signature: string };
    };
    const signature = Buffer.from(answer.response.signature, "base64url");
    signature[signature.length - 1] = (signature[signature.length - 1] ?? 0) ^ 1;
    answer.response.signature = signature.toString("base64url");
    expect(await ask("SignInWithPasskey", { passkeyJson: JSON.stringify(answer) })).toMatchObject(
      REFUSED,
    );
    const grace = await holder("grace");
    const options = await optionsToSign();
    const theirs = JSON.parse(grace.passkey.sign(options)) as { id: string; rawId: string };
    const own = JSON.parse(ada.passkey.sign(options)) as { id: string; rawId: string };
    const swapped = { ...theirs, id: own.id, rawId: own.rawId };
    expect(await ask("SignInWithPasskey", { passkeyJson: JSON.stringify(swapped) })).toMatchObject(
      REFUSED,
    );
  });

  test("is refused of a device that has counted back, and goes on where none counts", async () => {
    const copied = await holder("copied", { count: 10 });
    expect((await signInBy(copied.passkey, { count: 11 })).status).toBe(200);
    for (const count of [11, 5, 0])
      expect(await signInBy(copied.passkey, { count })).toMatchObject(REFUSED);
    expect((await signInBy(copied.passkey, { count: 12 })).status).toBe(200);
    const still = await holder("still", { count: 0 });
    for (const count of [0, 0]) expect((await signInBy(still.passkey, { count })).status).toBe(200);
  });

  test("is refused to who is locked out, and when the passkey was removed", async () => {
    const left = await holder("left");
    await admin.setUserDisabled({ id: left.user.idToken, disabled: true });
    expect(await signInBy(left.passkey)).toMatchObject(REFUSED);
    await admin.setUserDisabled({ id: left.user.idToken, disabled: false });
    expect((await signInBy(left.passkey)).status).toBe(200);
    await admin.resetUser({ id: left.user.idToken });
    expect(await signInBy(left.passkey)).toMatchObject(REFUSED);
  });

  test("is refused of another site's page, and limited by address", async () => {
    const foreign = await ask(
      "BeginPasskeySignIn",
      {},
      { headers: { origin: "https://evil.example" } },
    );
    expect(foreign).toMatchObject({ status: 403 });
    const { server: strict } = await useServer(database, {
      rateLimits: { passkey_sign_ins: { max: 2 }, login_failures: { max: 3 } },
      agents: { trustedProxies: ["127.0.0.1"] },
    });
    const from = (address: string): { url: string; headers: Record<string, string> } => ({
      url: strict.url,
      headers: { "x-forwarded-for": address },
    });
    const begun = [1, 2, 3].map(() => ask("BeginPasskeySignIn", {}, from("198.51.100.1")));
    const statuses = (await Promise.all(begun)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 429]);
    const failures: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      const failed = await ask("SignInWithPasskey", { passkeyJson: "{}" }, from("198.51.100.2"));
      failures.push(failed.status);
    }
    expect(failures).toEqual([401, 401, 401, 429, 429]);
  });
});

describe("after the password", () => {
  test("one is asked for, and lets in; an answer is taken once", async () => {
    const { name, passkey } = await holder("both");
    const asked = await signIn(name);
    expect(asked).toMatchObject({ status: 200, cookie: "", codeNeeded: true });
    expect(asked.hasOneTimePasswords ?? false).toBe(false);
    const passkeyJson = passkey.sign(asked.passkeyOptionsJson ?? "", { verified: false });
    const wrong = await signIn(name, { passkeyJson }, "wrong horse battery staple");
    expect(wrong).toMatchObject({ status: 401, message: "the name or the password is wrong" });
    expect((await signIn(name, { passkeyJson })).cookie).not.toBe("");
    expect(await signIn(name, { passkeyJson })).toMatchObject({ status: 401, cookie: "" });
  });

  test("another user's is none", async () => {
    const mine = await holder("mine");
    const theirs = await holder("theirs");
    const asked = await signIn(mine.name);
    const passkeyJson = theirs.passkey.sign(asked.passkeyOptionsJson ?? "");
    expect(await signIn(mine.name, { passkeyJson })).toMatchObject({ status: 401, cookie: "" });
    // Nor is a challenge of somebody else's.
    const own = mine.passkey.sign((await signIn(theirs.name)).passkeyOptionsJson ?? "");
    expect(await signIn(mine.name, { passkeyJson: own })).toMatchObject({
      status: 401,
      cookie: "",
    });
  });

  test("a recovery code stands in for it, without a master key, too", async () => {
    const { name, recoveryCodes } = await holder("keyless");
    const body = { name, password: PASSWORD, code: recoveryCodes[0] };
    expect((await ask("SignIn", body, { url: replica.url })).cookie).not.toBe("");
    expect((await ask("SignIn", body, { url: replica.url })).cookie).toBe("");
  });

  test("ten wrong answers close it", async () => {
    const { name, passkey } = await holder("guessed");
    for (let index = 0; index < 10; index += 1)
      expect((await signIn(name, { passkeyJson: "{}" })).status).toBe(401);
    const asked = await signIn(name);
    const passkeyJson = passkey.sign(asked.passkeyOptionsJson ?? "");
    expect(await signIn(name, { passkeyJson })).toMatchObject({ status: 429, cookie: "" });
  });
});

describe("one's own", () => {
  test("are renamed and removed with both factors; the last takes the recovery codes with it", async () => {
    const { people, passkey, id, name, recoveryCodes } = await holder("tidy");
    await people.renamePasskey({ id, name: "work laptop" });
    expect((await people.listPasskeys({})).passkeys[0]?.name).toBe("work laptop");
    await expect(people.renamePasskey({ id, name: "a\u202eb" })).rejects.toThrow("U+202E");
    await expect(people.removePasskey({ id, password: PASSWORD })).rejects.toThrow("code is wrong");
    const { optionsJson } = await people.beginPasskeyProof({});
    const passkeyJson = passkey.sign(optionsJson);
    await expect(
      people.removePasskey({ id, password: "wrong horse", passkeyJson }),
    ).rejects.toThrow("current password is wrong");
    await people.removePasskey({ id, password: PASSWORD, passkeyJson });
    expect((await people.listPasskeys({})).passkeys).toEqual([]);
    expect((await signIn(name)).cookie).not.toBe("");
    expect(await signInBy(passkey)).toMatchObject(REFUSED);
    const { rows } = await database.pool.query(
      "select 1 from user_recovery_codes c join users u on u.id = c.user_id where u.name = 'tidy'",
    );
    expect([rows.length, recoveryCodes.length]).toEqual([0, 10]);
  });

  test("are nobody else's to rename or remove: they look as if they did not exist", async () => {
    const mine = await holder("owner");
    const theirs = await holder("stranger");
    const missing = `you have no passkey with the id ${mine.id}`;
    await expect(theirs.people.renamePasskey({ id: mine.id, name: "x" })).rejects.toThrow(missing);
    const [code = ""] = theirs.recoveryCodes;
    await expect(
      theirs.people.removePasskey({ id: mine.id, password: PASSWORD, code }),
    ).rejects.toThrow(missing);
    expect((await mine.people.listPasskeys({})).passkeys).toHaveLength(1);
  });

  test("are taken away with all second factors by an admin; the password stays, sessions end", async () => {
    const lost = await holder("lost");
    const { user } = await admin.removeUserFactors({ id: lost.user.idToken });
    expect(user).toMatchObject({ passkeys: 0, secondFactor: false, invited: false });
    await expect(lost.people.getCaller({})).rejects.toThrow("session");
    expect(await signInBy(lost.passkey)).toMatchObject(REFUSED);
    expect((await signIn("lost")).cookie).not.toBe("");
    const { entries } = await admin.listAuditEntries({ what: "second_factors_removed" });
    expect(entries[0]).toMatchObject({ object: `user ${lost.user.idToken}` });
  });

  test("are not an admin's own to take away so", async () => {
    const user = await createUser(database, { name: "self", role: "admin" });
    const people = peopleClient(server.url, { cookie: await sessionCookie(database, user.id) });
    await expect(people.removeUserFactors({ id: user.idToken })).rejects.toThrow("is you");
  });
});

test("at an address without a name there are none, and the reason is told", async () => {
  const { server: nameless } = await useServer(database, { publicUrl: "https://192.0.2.7" });
  const url = nameless.localUrl;
  const options = await ask("GetSignInOptions", {}, { url });
  expect([options.byPasskey, options.passkeyOrigin]).toEqual([undefined, undefined]);
  expect(await ask("BeginPasskeySignIn", {}, { url })).toMatchObject({
    status: 400,
    message: expect.stringContaining("set listen.public_url"),
  });
  const { name, cookie, recoveryCodes } = await holder("nameless");
  const asked = await ask("SignIn", { name, password: PASSWORD }, { url });
  expect(asked).toMatchObject({ codeNeeded: true, cookie: "" });
  expect(asked.passkeyOptionsJson).toBeUndefined();
  const code = recoveryCodes[0] ?? "";
  expect((await ask("SignIn", { name, password: PASSWORD, code }, { url })).cookie).not.toBe("");
  const people = peopleClient(url, { cookie });
  expect((await people.getCaller({})).passkeyOrigin).toBe("");
  await expect(people.beginPasskey({ password: PASSWORD })).rejects.toThrow("need a name");
});

test("nothing of a challenge that could be answered is in the database", async () => {
  const { challenge } = JSON.parse(await optionsToSign()) as { challenge: string };
  const { rows } = await database.pool.query("select c::text from passkey_challenges c");
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(challenge, "base64url").toString("hex"));
});
