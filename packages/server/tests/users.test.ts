// People who sign in: invitation, sign-in, sessions, and what an admin changes; over plain HTTP, as a browser does.

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { adminV1, peopleV1 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test, vi } from "vitest";
import { RATE_LIMITS } from "../src/index.ts";
import { oneTimePassword } from "../src/people/one-time-password.ts";
import { checkPassword, PASSWORD_PARAMETERS } from "../src/people/password-hash.ts";
import { askHttp } from "./_agents.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { startServer, useServer } from "./_test-server.ts";
import {
  bytesOfBase32,
  createUser,
  PASSWORD,
  peopleClient,
  sessionCookie,
  type TestUser,
} from "./_users.ts";

const database = await useDatabase();
const { server, adminKey } = await useServer(database, {
  masterKey: MASTER_KEY,
  // A test of its own looks at the address's; here many come from one.
  rateLimits: { login_failures: { max: 100_000 } },
});
const admin = peopleClient(server.url, { authorization: `Bearer ${adminKey}` });
const { Role } = peopleV1;

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly errorCode: string | null;
  /** What the browser would send from now on. Empty: nothing was set. */
  readonly cookie: string;
  readonly setCookie: string;
}

async function ask(
  procedure: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
  url = server.url,
): Promise<Answer> {
  const response = await fetch(`${url}/truechimer.admin.v1.${procedure}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const { code = "", message = "" } = (await response.json()) as Partial<Answer>;
  const setCookie = response.headers.get("set-cookie") ?? "";
  return {
    status: response.status,
    code,
    message,
    errorCode: response.headers.get("truechimer-error-code"),
    cookie: setCookie.split(";")[0] ?? "",
    setCookie,
  };
}

function signIn(
  name: string,
  password = PASSWORD,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask("SignInService/SignIn", { name, password }, headers);
}

function secretOf(url: string | undefined): string {
  return new URL(url ?? "").hash.slice(1);
}

async function callerStatus(cookie: string): Promise<number> {
  return (await ask("PeopleService/GetCaller", {}, { cookie })).status;
}

async function acts(act: string): Promise<readonly peopleV1.AuditEntry[]> {
  const { entries } = await admin.listAuditEntries({ pageSize: 1_000 });
  return entries.filter((entry) => entry.act === act);
}

describe("an invitation", () => {
  test("lets one person in, once, with a password of their own", async () => {
    const { user, link } = await admin.inviteUser({ name: "Ada@example.net", role: Role.VIEWER });
    expect(user).toMatchObject({ name: "Ada@example.net", role: Role.VIEWER, invited: true });
    expect(link?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/welcome#tcl_[A-Za-z0-9_-]{43}$/);
    const secret = secretOf(link?.url);
    expect((await ask("SignInService/LookUpLink", { secret })).status).toBe(200);
    const used = await ask("SignInService/UseLink", { secret, password: PASSWORD });
    expect(used.setCookie).toMatch(
      /^truechimer_[0-9a-f]{8}=tcu_[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
    );
    const caller = await peopleClient(server.url, { cookie: used.cookie }).getCaller({});
    expect(caller).toMatchObject({
      kind: "user",
      name: "Ada@example.net",
      role: Role.VIEWER,
      userId: user?.id,
    });
    expect(caller.procedures).toContain("GetOverview");
    expect(caller.procedures).not.toContain("InviteUser");
    for (const procedure of ["LookUpLink", "UseLink"]) {
      const again = await ask(`SignInService/${procedure}`, { secret, password: PASSWORD });
      expect(again).toMatchObject({ status: 401, errorCode: "unauthenticated", cookie: "" });
    }
    expect((await signIn("ada@EXAMPLE.net")).cookie).not.toBe("");
  });

  test("is used by one of ten at once", async () => {
    const { link } = await admin.inviteUser({ name: "race", role: Role.VIEWER });
    const secret = secretOf(link?.url);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        ask("SignInService/UseLink", { secret, password: PASSWORD }),
      ),
    );
    expect(answers.filter(({ cookie }) => cookie !== "")).toHaveLength(1);
  });

  test("that is too old, or whose user was locked out, is none", async () => {
    const { user, link } = await admin.inviteUser({ name: "late", role: Role.VIEWER });
    await admin.setUserDisabled({ id: user?.id ?? "", disabled: true });
    const secret = secretOf(link?.url);
    expect((await ask("SignInService/LookUpLink", { secret })).status).toBe(401);
    await admin.setUserDisabled({ id: user?.id ?? "", disabled: false });
    expect((await ask("SignInService/LookUpLink", { secret })).status).toBe(401);
    const again = await admin.resetUser({ id: user?.id ?? "" });
    const renewed = secretOf(again.link?.url);
    expect((await ask("SignInService/LookUpLink", { secret: renewed })).status).toBe(200);
    await database.pool.query("update user_links set expires_at = now() - interval '1 second'");
    expect((await ask("SignInService/LookUpLink", { secret: renewed })).status).toBe(401);
  });

  test("of a name that is taken, however it is written, or that cannot be seen, is refused", async () => {
    await createUser(database, { name: "grace", role: "viewer" });
    await expect(admin.inviteUser({ name: " GRACE ", role: Role.VIEWER })).rejects.toThrow(
      'there is a user named "GRACE"',
    );
    await expect(admin.inviteUser({ name: "a\u202eb", role: Role.VIEWER })).rejects.toThrow(
      "U+202E",
    );
    await expect(admin.inviteUser({ name: "x" })).rejects.toThrow("expected viewer");
  });

  test("with a weak password stays good", async () => {
    const { link } = await admin.inviteUser({ name: "weak", role: Role.VIEWER });
    const secret = secretOf(link?.url);
    const weak = await ask("SignInService/UseLink", { secret, password: "short" });
    expect(weak).toMatchObject({ status: 400, cookie: "" });
    expect(weak.message).toContain("expected 15 to 200");
    const good = await ask("SignInService/UseLink", { secret, password: PASSWORD });
    expect(good.cookie).not.toBe("");
  });
});

describe("signing in", async () => {
  await createUser(database, { name: "linus", role: "operator" });

  test("gives a new session each time, and ends the one that the browser had", async () => {
    const first = await signIn("linus");
    const second = await signIn("linus", PASSWORD, { cookie: first.cookie });
    expect(second.cookie).not.toBe(first.cookie);
    expect(await callerStatus(first.cookie)).toBe(401);
    expect(await callerStatus(second.cookie)).toBe(200);
  });

  test("takes no session that somebody else has chosen", async () => {
    const name = (await signIn("linus")).cookie.split("=")[0] ?? "";
    const chosen = `${name}=tcu_${"A".repeat(43)}`;
    const answer = await signIn("linus", PASSWORD, { cookie: chosen });
    expect(answer.cookie).not.toBe(chosen);
    expect(await callerStatus(chosen)).toBe(401);
  });

  test("ends the owner's session of that browser", async () => {
    const { url } = await server.createLoginUrl();
    const opened = await fetch(url, { redirect: "manual" });
    const owner = (opened.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect(await callerStatus(owner)).toBe(200);
    await signIn("linus", PASSWORD, { cookie: owner });
    expect(await callerStatus(owner)).toBe(401);
  });

  test.each([
    { what: "a wrong password", name: "linus", password: "wrong horse battery staple" },
    { what: "a user that there is not", name: "nobody", password: PASSWORD },
    { what: "a password beyond all limits", name: "linus", password: "x".repeat(2_000) },
    { what: "nothing", name: "", password: "" },
  ])("with $what is refused in the same words", async ({ name, password }) => {
    const { status, message, errorCode, cookie } = await signIn(name, password);
    expect({ status, message, errorCode, cookie }).toEqual({
      status: 401,
      message: "the name or the password is wrong",
      errorCode: "unauthenticated",
      cookie: "",
    });
  });

  test("with a NUL in the name is told so, whoever is meant", async () => {
    for (const name of ["li\u0000nus", "nobody\u0000"])
      expect(await signIn(name)).toMatchObject({ status: 400, errorCode: "bad_request" });
  });

  test("of a user that is locked out, or has no password, is refused in the same words", async () => {
    const locked = await createUser(database, { name: "locked", role: "viewer" });
    await admin.setUserDisabled({ id: locked.idToken, disabled: true });
    await admin.inviteUser({ name: "not yet", role: Role.VIEWER });
    for (const name of ["locked", "not yet"])
      expect(await signIn(name)).toMatchObject({
        status: 401,
        message: "the name or the password is wrong",
      });
  });

  test("of another site's page is refused before the password is looked at", async () => {
    for (const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const answer = await signIn("linus", PASSWORD, headers);
      expect(answer).toMatchObject({ status: 403, errorCode: "forbidden", cookie: "" });
    }
  });

  test("hashes anew what was hashed with other parameters", async () => {
    const { id } = await createUser(database, { name: "outdated", role: "viewer" });
    const stored = async (): Promise<string> => {
      const row = await database.kysely
        .selectFrom("users")
        .select("password_hash")
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      return row.password_hash ?? "";
    };
    expect(await stored()).toContain("m=64,t=1,p=1");
    expect((await signIn("outdated")).status).toBe(200);
    const renewed = await stored();
    expect(renewed).toContain("m=19456,t=2,p=1");
    expect(await checkPassword(PASSWORD, renewed, PASSWORD_PARAMETERS)).toEqual({
      right: true,
      outdated: false,
    });
    expect((await signIn("outdated")).status).toBe(200);
    expect(await stored()).toBe(renewed);
  });

  test("over TLS makes a cookie that goes over TLS alone", async () => {
    const secure = await startServer(database, { publicUrl: "https://clocks.example" });
    const answer = await ask(
      "SignInService/SignIn",
      { name: "linus", password: PASSWORD },
      {},
      secure.server.url,
    );
    await secure.server[Symbol.asyncDispose]();
    expect(answer.setCookie).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
  });

  test("is in the audit trail by the user's name, and the sign-out, too", async () => {
    const { cookie } = await signIn("linus");
    await peopleClient(server.url, { cookie }).signOut({});
    expect(await callerStatus(cookie)).toBe(401);
    for (const act of ["session_opened", "session_closed"])
      expect((await acts(act))[0]).toMatchObject({ actorKind: "user", actorName: "linus" });
    expect(await admin.verifyAudit({})).toMatchObject({ whole: true });
  });
});

describe("failures", () => {
  test("a thousand close the name, also for the right password, and nothing is hashed", async () => {
    await createUser(database, { name: "target", role: "admin" });
    const max = RATE_LIMITS.find(({ name }) => name === "sign_in_failures")?.max ?? 0;
    const answers: Answer[] = [];
    for (let round = 0; round < 50; round += 1) {
      answers.push(
        ...(await Promise.all(
          Array.from({ length: 20 }, (_, index) => signIn("Target", `guess ${round} ${index}`)),
        )),
      );
    }
    const refused = answers.filter(({ status }) => status === 401);
    expect(refused).toHaveLength(max);
    const closed = answers.filter(({ errorCode }) => errorCode === "limit_exceeded");
    expect(closed).toHaveLength(1_000 - max);
    expect(await signIn("target")).toMatchObject({ status: 429, cookie: "" });
    expect((await signIn("linus")).status).toBe(200);
  });

  test("close a name that nobody has in the same way", async () => {
    const answers: Answer[] = [];
    for (let index = 0; index < 22; index += 1) answers.push(await signIn("no such person"));
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 20 }, () => 401),
      429,
      429,
    ]);
  });

  test("count against the address, whatever names are tried", async () => {
    const limited = await startServer(database, { rateLimits: { login_failures: { max: 5 } } });
    const statuses: number[] = [];
    for (let index = 0; index < 7; index += 1) {
      const { status } = await askHttp(
        `${limited.server.url}/truechimer.admin.v1.SignInService/SignIn`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ name: `somebody ${index}`, password: PASSWORD }),
          // An address of its own: what others have spent is not this one's.
          localAddress: "127.0.0.9",
        },
      );
      statuses.push(status);
    }
    await limited.server[Symbol.asyncDispose]();
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  test("right passwords count for nothing", async () => {
    await createUser(database, { name: "busy", role: "viewer" });
    for (let index = 0; index < 25; index += 1) expect((await signIn("busy")).status).toBe(200);
  });

  test("take as long for a name that nobody has", async () => {
    const timeOf = async (name: string): Promise<number> => {
      const times: number[] = [];
      for (let index = 0; index < 7; index += 1) {
        const begun = performance.now();
        await signIn(name, "wrong horse battery staple");
        times.push(performance.now() - begun);
      }
      return times.toSorted((a, b) => a - b)[1] ?? 0;
    };
    await createUser(database, { name: "timed", role: "viewer" });
    // The hash is made with the parameters of today by the first sign-in.
    await signIn("timed");
    await signIn("nobody at all", "x");
    const [known, unknown] = [await timeOf("timed"), await timeOf("nobody at all 2")];
    // Without a hash it would be a fiftieth.
    expect(unknown).toBeGreaterThan(known / 3);
    expect(known).toBeGreaterThan(unknown / 3);
  });
});

describe("sessions", async () => {
  const user = await createUser(database, { name: "margaret", role: "viewer" });
  const cookies = await Promise.all([1, 2, 3].map(() => sessionCookie(database, user.id)));
  const [own = "", other = "", third = ""] = cookies;
  const people = peopleClient(server.url, { cookie: own });

  test("are told to their user, and to an admin, and end one by one or all others", async () => {
    const { sessions } = await people.listSessions({});
    expect(sessions).toHaveLength(3);
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    expect(sessions[0]).toMatchObject({ openedFrom: "192.0.2.1", userAgent: "test" });
    expect((await admin.listSessions({ userId: user.idToken })).sessions).toHaveLength(3);
    const otherId = await peopleClient(server.url, { cookie: other })
      .listSessions({})
      .then((answer) => answer.sessions.find(({ current }) => current)?.id ?? "");
    await people.endSession({ id: otherId });
    expect([await callerStatus(other), await callerStatus(third)]).toEqual([401, 200]);
    expect(await people.endOtherSessions({})).toMatchObject({ ended: 1 });
    expect([await callerStatus(own), await callerStatus(third)]).toEqual([200, 401]);
  });

  test("of others look to a viewer as if they did not exist", async () => {
    const somebody = await createUser(database, { name: "somebody", role: "viewer" });
    await sessionCookie(database, somebody.id);
    const { sessions } = await admin.listSessions({ userId: somebody.idToken });
    await expect(people.endSession({ id: sessions[0]?.id ?? "" })).rejects.toThrow(
      "there is no session",
    );
    await expect(people.listSessions({ userId: somebody.idToken })).rejects.toThrow(
      "there is no user",
    );
  });

  test("end when they were not used for long, and when they are old", async () => {
    for (const column of ["expires_at", "ends_at"]) {
      const cookie = await sessionCookie(database, user.id);
      expect(await callerStatus(cookie)).toBe(200);
      await database.pool.query(
        `update user_sessions set ${column} = now() - interval '1 second' where user_id = $1`,
        [user.id],
      );
      expect(await callerStatus(cookie)).toBe(401);
    }
  });

  test("of a user are nothing to the name of another kind of session", async () => {
    const cookie = await sessionCookie(database, user.id);
    expect(await callerStatus(cookie.replace("tcu_", "tcs_"))).toBe(401);
  });

  test("and passwords are in the database as hashes alone", async () => {
    const cookie = await sessionCookie(database, user.id);
    const { rows } = await database.pool.query(
      "select s::text as row from user_sessions s union all select u::text from users u",
    );
    const text = JSON.stringify(rows);
    expect(text).not.toContain(cookie.split("=")[1]);
    expect(text).not.toContain(PASSWORD);
  });
});

describe("a changed password", () => {
  test("ends the user's other sessions, and needs the one before", async () => {
    const user = await createUser(database, { name: "edsger", role: "viewer" });
    const [own, other] = [
      await sessionCookie(database, user.id),
      await sessionCookie(database, user.id),
    ];
    const people = peopleClient(server.url, { cookie: own });
    const newPassword = "another horse, another battery";
    await expect(
      people.changePassword({ currentPassword: "wrong horse battery", newPassword }),
    ).rejects.toThrow("current password is wrong");
    await expect(
      people.changePassword({ currentPassword: PASSWORD, newPassword: "short" }),
    ).rejects.toThrow("expected 15 to 200");
    expect(await callerStatus(other)).toBe(200);
    await people.changePassword({ currentPassword: PASSWORD, newPassword });
    expect([await callerStatus(own), await callerStatus(other)]).toEqual([200, 401]);
    expect((await signIn("edsger")).status).toBe(401);
    expect((await signIn("edsger", newPassword)).status).toBe(200);
  });

  test("is guessed through a stolen session no longer than at the door", async () => {
    const user = await createUser(database, { name: "stolen", role: "viewer" });
    const cookie = await sessionCookie(database, user.id);
    const codes: (string | null)[] = [];
    for (let index = 0; index < 22; index += 1) {
      const body = { currentPassword: `guess ${index}`, newPassword: PASSWORD };
      codes.push((await ask("PeopleService/ChangePassword", body, { cookie })).errorCode);
    }
    expect(codes.slice(18)).toEqual(["forbidden", "forbidden", "limit_exceeded", "limit_exceeded"]);
  });

  test("is nothing that a key or the owner's session has", async () => {
    await expect(admin.changePassword({})).rejects.toThrow("a key has none");
    await expect(admin.signOut({})).rejects.toThrow("a key has none");
  });
});

describe("a second factor", () => {
  const step = (): bigint => systemClock.nowNs() / 30_000_000_000n;

  async function withFactor(name: string): Promise<{
    readonly user: TestUser;
    readonly secret: Uint8Array;
    readonly recoveryCodes: readonly string[];
    readonly cookie: string;
    readonly code: (aside: bigint) => string;
  }> {
    const user = await createUser(database, { name, role: "admin" });
    const cookie = await sessionCookie(database, user.id);
    const people = peopleClient(server.url, { cookie });
    const begun = await people.beginSecondFactor({ password: PASSWORD });
    const secret = bytesOfBase32(begun.secret);
    expect(secret).toHaveLength(20);
    expect(begun.uri).toBe(
      `otpauth://totp/Truechimer%3A${name}?secret=${begun.secret}&issuer=Truechimer`,
    );
    const code = (of: bigint): string => oneTimePassword(secret, step() + of);
    // Not confirmed, it counts for nothing.
    expect((await signIn(name)).cookie).not.toBe("");
    const { recoveryCodes } = await people.confirmSecondFactor({ code: code(0n) });
    return { user, secret, recoveryCodes, cookie, code };
  }

  const signInWith = (name: string, code: string): Promise<Answer> =>
    ask("SignInService/SignIn", { name, password: PASSWORD, code });

  test("is asked for after the password, and each code is taken once", async () => {
    const { code } = await withFactor("twofold");
    const asked = await signIn("twofold");
    expect([asked.status, asked.cookie]).toEqual([200, ""]);
    const right = code(1n);
    const answers = await Promise.all([1, 2, 3].map(() => signInWith("twofold", right)));
    expect(answers.filter(({ cookie }) => cookie !== "")).toHaveLength(1);
    // Of the step before the one that was taken.
    expect(await signInWith("twofold", code(0n))).toMatchObject({
      status: 401,
      message: "the code is wrong, or was used before",
      cookie: "",
    });
  });

  test("tells nobody who does not know the password that it is there", async () => {
    await withFactor("quiet");
    const wrong = await signIn("quiet", "wrong horse battery staple");
    expect(wrong).toMatchObject({ status: 401, message: "the name or the password is wrong" });
  });

  test("is stood in for by ten recovery codes, each once, however they are typed", async () => {
    const { recoveryCodes } = await withFactor("phoneless");
    expect(new Set(recoveryCodes).size).toBe(10);
    const [first = "", second = ""] = recoveryCodes;
    expect(first).toMatch(/^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
    expect((await signInWith("phoneless", first)).cookie).not.toBe("");
    expect((await signInWith("phoneless", first)).cookie).toBe("");
    const typed = second.replaceAll("-", " ").toLowerCase();
    expect((await signInWith("phoneless", typed)).cookie).not.toBe("");
  });

  test("gets new recovery codes with the password and a code; those before hold no more", async () => {
    const { cookie, code, recoveryCodes } = await withFactor("renewed");
    const people = peopleClient(server.url, { cookie });
    const [old = "", spent = ""] = recoveryCodes;
    for (const proof of [
      { password: "wrong horse battery", code: code(1n) },
      { password: PASSWORD, code: "123" },
    ]) {
      await expect(people.renewRecoveryCodes(proof)).rejects.toThrow("is wrong");
    }
    const renewed = await people.renewRecoveryCodes({ password: PASSWORD, code: spent });
    expect(renewed.recoveryCodes).toHaveLength(10);
    expect((await signInWith("renewed", old)).cookie).toBe("");
    expect((await signInWith("renewed", renewed.recoveryCodes[0] ?? "")).cookie).not.toBe("");
    const none = await createUser(database, { name: "factorless", role: "viewer" });
    const own = peopleClient(server.url, { cookie: await sessionCookie(database, none.id) });
    await expect(own.renewRecoveryCodes({ password: PASSWORD, code: "123456" })).rejects.toThrow(
      "code is wrong",
    );
  });

  test("ends the user's other sessions when it is confirmed, and is seen by the user and admins", async () => {
    const user = await createUser(database, { name: "seen", role: "viewer" });
    const [own, other] = [
      await sessionCookie(database, user.id),
      await sessionCookie(database, user.id),
    ];
    const people = peopleClient(server.url, { cookie: own });
    await expect(people.beginSecondFactor({ password: "wrong horse" })).rejects.toThrow(
      "current password is wrong",
    );
    const secret = bytesOfBase32((await people.beginSecondFactor({ password: PASSWORD })).secret);
    await expect(people.confirmSecondFactor({ code: "000000" })).rejects.toThrow("code is wrong");
    await people.confirmSecondFactor({ code: oneTimePassword(secret, step()) });
    expect([await callerStatus(own), await callerStatus(other)]).toEqual([200, 401]);
    expect(await people.getCaller({})).toMatchObject({ secondFactor: true });
    const { users } = await admin.listUsers({});
    expect(users.find(({ name }) => name === "seen")).toMatchObject({ secondFactor: true });
    await expect(people.beginSecondFactor({ password: PASSWORD })).rejects.toThrow(
      "there is a second factor already",
    );
  });

  test("is removed with the password and a code, or by an admin's reset", async () => {
    const { cookie, code, recoveryCodes, user } = await withFactor("removed");
    const people = peopleClient(server.url, { cookie });
    await expect(people.removeSecondFactor({ password: PASSWORD, code: "123" })).rejects.toThrow(
      "code is wrong",
    );
    await people.removeSecondFactor({ password: PASSWORD, code: code(1n) });
    expect((await signIn("removed")).cookie).not.toBe("");
    await admin.resetUser({ id: user.idToken });
    expect((await signInWith("removed", recoveryCodes[0] ?? "")).cookie).toBe("");
    const other = await withFactor("reset");
    await admin.resetUser({ id: other.user.idToken });
    const { users } = await admin.listUsers({});
    expect(users.find(({ name }) => name === "reset")).toMatchObject({
      secondFactor: false,
      invited: true,
    });
  });

  test("is guessed ten times an hour, and then closed for the right code as well", async () => {
    const { code } = await withFactor("guessed");
    const codes: (string | null)[] = [];
    for (let index = 0; index < 12; index += 1)
      codes.push((await signInWith("guessed", `wrong ${index}`)).errorCode);
    expect(codes).toEqual([
      ...Array.from({ length: 10 }, () => "unauthenticated"),
      "limit_exceeded",
      "limit_exceeded",
    ]);
    expect(await signInWith("guessed", code(1n))).toMatchObject({ status: 429, cookie: "" });
  });

  test("is sealed in the database, each for its own user, and its codes are hashes", async () => {
    const one = await withFactor("sealed");
    const other = await withFactor("swapped");
    const { rows } = await database.pool.query<{ secret: Buffer }>(
      "select secret from user_second_factors where user_id = $1",
      [one.user.id],
    );
    expect(rows[0]?.secret.includes(Buffer.from(one.secret))).toBe(false);
    await database.pool.query("update user_second_factors set secret = $1 where user_id = $2", [
      rows[0]?.secret,
      other.user.id,
    ]);
    expect((await signInWith("swapped", one.code(1n))).cookie).toBe("");
    const { rows: hashes } = await database.pool.query("select c::text from user_recovery_codes c");
    const plain = (one.recoveryCodes[0] ?? "").replaceAll("-", "");
    expect(JSON.stringify(hashes)).not.toContain(plain);
  });

  test("that is confirmed while somebody signs in without it lets nobody in", async () => {
    const user = await createUser(database, { name: "raced", role: "viewer" });
    // The first sign-in makes the hash anew: the second waits for nothing but the row below.
    expect((await signIn("raced")).cookie).not.toBe("");
    const connection = await database.pool.connect();
    try {
      await connection.query("begin");
      await connection.query("select 1 from users where id = $1 for update", [user.id]);
      const late = signIn("raced");
      await vi.waitFor(async () => {
        const { rows } = await database.pool.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        expect(rows).toHaveLength(1);
      }, 10_000);
      await connection.query(
        "insert into user_second_factors (user_id, secret, confirmed_at) values ($1, 'x', now())",
        [user.id],
      );
      await connection.query("commit");
      expect(await late).toMatchObject({ status: 200, cookie: "" });
    } finally {
      connection.release();
    }
  });

  test("is shown, or taken away by an admin, in one order: neither waits for the other", async () => {
    const { user, code } = await withFactor("deborah");
    const { pool } = database;
    const resetting = await pool.connect();
    try {
      // As a reset does it: the user's row, then the factors.
      await resetting.query("begin");
      await resetting.query("select 1 from users where id = $1 for update", [user.id]);
      const shown = signInWith("deborah", code(1n));
      await vi.waitFor(async () => {
        const { rowCount } = await pool.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        expect(rowCount).toBe(1);
      }, 20_000);
      // Refused at once, if who waits for the first row had the second one already.
      await resetting.query(
        "select 1 from user_second_factors where user_id = $1 for update nowait",
        [user.id],
      );
      await resetting.query("delete from user_second_factors where user_id = $1", [user.id]);
      await resetting.query("commit");
      expect(await shown).toMatchObject({ status: 401, errorCode: "unauthenticated", cookie: "" });
    } finally {
      await resetting.query("rollback");
      resetting.release();
    }
  });

  test("needs a master key", async () => {
    const bare = await startServer(database);
    const user = await createUser(database, { name: "bare", role: "viewer" });
    const people = peopleClient(bare.server.url, {
      cookie: await sessionCookie(database, user.id),
    });
    const begun = people.beginSecondFactor({ password: PASSWORD });
    await expect(begun).rejects.toThrow("needs a master key");
    await bare.server[Symbol.asyncDispose]();
  });
});

describe("an admin's change holds at once", () => {
  test("a role, for the next request", async () => {
    const user = await createUser(database, { name: "barbara", role: "viewer" });
    const cookie = await sessionCookie(database, user.id);
    const pause = (): Promise<Answer> => ask("AdminService/PauseServers", { ids: [] }, { cookie });
    expect((await pause()).errorCode).toBe("forbidden");
    await admin.setUserRole({ id: user.idToken, role: Role.OPERATOR });
    expect((await pause()).errorCode).not.toBe("forbidden");
    await admin.setUserRole({ id: user.idToken, role: Role.VIEWER });
    expect((await pause()).errorCode).toBe("forbidden");
  });

  test("a lock-out ends sessions, and letting in again brings none back", async () => {
    const user = await createUser(database, { name: "ken", role: "operator" });
    const cookie = await sessionCookie(database, user.id);
    await admin.setUserDisabled({ id: user.idToken, disabled: true });
    expect([await callerStatus(cookie), (await signIn("ken")).status]).toEqual([401, 401]);
    await admin.setUserDisabled({ id: user.idToken, disabled: false });
    expect([await callerStatus(cookie), (await signIn("ken")).status]).toEqual([401, 200]);
  });

  test("a reset takes the password and the sessions away, and gives a link", async () => {
    const user = await createUser(database, { name: "dennis", role: "viewer" });
    const cookie = await sessionCookie(database, user.id);
    const { link, user: reset } = await admin.resetUser({ id: user.idToken });
    expect(reset).toMatchObject({ invited: true, sessions: 0 });
    expect([await callerStatus(cookie), (await signIn("dennis")).status]).toEqual([401, 401]);
    const password = "a fresh and longer password";
    const used = await ask("SignInService/UseLink", { secret: secretOf(link?.url), password });
    expect(await callerStatus(used.cookie)).toBe(200);
  });

  /** What a stream of the user ends with after `change`. Each test has a stream that nothing comes through. */
  async function endOfStream(
    user: { readonly id: bigint },
    change: () => Promise<unknown>,
  ): Promise<unknown> {
    const cookie = await sessionCookie(database, user.id);
    const client = createClient(
      adminV1.AdminService,
      createConnectTransport({
        baseUrl: server.url,
        httpVersion: "1.1",
        interceptors: [
          (next) => (request) => {
            request.header.set("cookie", cookie);
            return next(request);
          },
        ],
      }),
    );
    const stream = client.watchResults({});
    const iterator = stream[Symbol.asyncIterator]();
    // The first message says that the stream stands.
    await iterator.next();
    const end = (async () => {
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return undefined;
      }
    })().catch((error: unknown) => error);
    await change();
    return end;
  }

  test("and ends open streams: of a user that is locked out", async () => {
    const user = await createUser(database, { name: "streaming", role: "viewer" });
    const end = await endOfStream(user, () =>
      admin.setUserDisabled({ id: user.idToken, disabled: true }),
    );
    expect(String(end)).toContain("the session has ended");
  });

  test("and ends open streams: of a user with another role", async () => {
    const user = await createUser(database, { name: "streaming too", role: "operator" });
    const end = await endOfStream(user, () =>
      admin.setUserRole({ id: user.idToken, role: Role.VIEWER }),
    );
    expect(String(end)).toContain("what this caller may do was changed");
  });

  test("and ends open streams within seconds when another process did it", async () => {
    const user = await createUser(database, { name: "streaming elsewhere", role: "viewer" });
    const end = await endOfStream(user, () =>
      database.pool.query("delete from user_sessions where user_id = $1", [user.id]),
    );
    expect(String(end)).toContain("the session has ended");
  });

  test("but not on oneself", async () => {
    const user = await createUser(database, { name: "oneself", role: "admin" });
    const people = peopleClient(server.url, { cookie: await sessionCookie(database, user.id) });
    for (const change of [
      () => people.setUserRole({ id: user.idToken, role: Role.VIEWER }),
      () => people.setUserDisabled({ id: user.idToken, disabled: true }),
    ])
      await expect(change()).rejects.toThrow("is you");
  });
});

describe("nobody gives more than he has", () => {
  test("a key for some procedures makes no user, nor opens one's door", async () => {
    const user = await createUser(database, { name: "boss", role: "admin" });
    const { secret } = await admin.createKey({
      name: "scoped",
      role: Role.ADMIN,
      procedures: ["InviteUser", "ResetUser", "SetUserRole"],
    });
    const scoped = peopleClient(server.url, { authorization: `Bearer ${secret}` });
    for (const change of [
      () => scoped.inviteUser({ name: "mole", role: Role.ADMIN }),
      () => scoped.resetUser({ id: user.idToken }),
      () => scoped.setUserRole({ id: user.idToken, role: Role.VIEWER }),
    ])
      await expect(change()).rejects.toThrow("may do no more than who manages it");
  });

  test("what is opened by name is every procedure, those of rule sets as well", async () => {
    const { key } = await admin.createKey({
      name: "rules",
      role: Role.VIEWER,
      procedures: ["ListRuleSets"],
    });
    expect(key?.procedures).toEqual(["ListRuleSets"]);
  });

  test("an account's admin invites into that account alone, and sees its users alone", async () => {
    const { account } = await admin.createAccount({ name: "small" });
    const { secret } = await admin.createKey({
      name: "small's",
      role: Role.ADMIN,
      accountId: account?.id ?? "",
    });
    const small = peopleClient(server.url, { authorization: `Bearer ${secret}` });
    const { user } = await small.inviteUser({ name: "smallest", role: Role.OPERATOR });
    expect(user?.accountId).toBe(account?.id);
    expect((await small.listUsers({})).users.map(({ name }) => name)).toEqual(["smallest"]);
    await expect(
      small.inviteUser({ name: "x", role: Role.VIEWER, accountId: "default" }),
    ).rejects.toThrow("there is no account");
  });
});

describe("a user of several accounts", async () => {
  const accountOf = async (name: string): Promise<string> =>
    (await admin.createAccount({ name })).account?.id ?? "";
  const [north, south, west] = [
    await accountOf("North"),
    await accountOf("South"),
    await accountOf("West"),
  ];
  const { user, link } = await admin.inviteUser({
    name: "traveller",
    role: Role.ADMIN,
    accountIds: [south, north],
  });
  const id = user?.id ?? "";
  const { cookie } = await ask("SignInService/UseLink", {
    secret: secretOf(link?.url),
    password: PASSWORD,
  });
  const traveller = peopleClient(server.url, { cookie });
  const adminOf = async (accountId: string): Promise<ReturnType<typeof peopleClient>> => {
    const { secret } = await admin.createKey({ name: accountId, role: Role.ADMIN, accountId });
    return peopleClient(server.url, { authorization: `Bearer ${secret}` });
  };

  test("begins in the first, and chooses between them in each session apart", async () => {
    expect(user).toMatchObject({ accountId: south, accountIds: [south, north] });
    const other = peopleClient(server.url, { cookie: (await signIn("traveller")).cookie });
    expect((await traveller.getCaller({})).accounts.map(({ name }) => name)).toEqual([
      "North",
      "South",
    ]);
    await traveller.chooseAccount({ accountId: north });
    expect((await traveller.getCaller({})).account?.id).toBe(north);
    expect((await other.getCaller({})).account?.id).toBe(south);
    expect((await traveller.listAccounts({})).accounts.map((each) => each.id)).toEqual([north]);
    const { user: made } = await traveller.inviteUser({ name: "northerner", role: Role.VIEWER });
    expect(made?.accountId).toBe(north);
    for (const accountId of [west, "nobody", ""])
      await expect(traveller.chooseAccount({ accountId })).rejects.toThrow("there is no account");
    const { entries } = await admin.listAuditEntries({ who: "traveller", what: "account chosen" });
    expect(entries).toHaveLength(1);
  });

  test("loses what an admin takes away with the next request, and what was open with it", async () => {
    const open = peopleClient(server.url, { cookie: (await signIn("traveller")).cookie });
    await open.chooseAccount({ accountId: north });
    await admin.setUserAccounts({ id, accountIds: [south, west] });
    expect(await open.getCaller({})).toMatchObject({ account: { id: south } });
    await admin.setUserAccounts({ id, accountIds: [west] });
    const only = await open.getCaller({});
    expect([only.account?.id, only.accounts]).toEqual([west, []]);
    await admin.setUserAccounts({ id, allAccounts: true });
    expect((await open.getCaller({})).account).toBeUndefined();
    await expect(open.chooseAccount({ accountId: west })).rejects.toThrow("all accounts at once");
    await admin.setUserAccounts({ id, accountIds: [south, north] });
  });

  test("is listed in each of them, without the others, and changed by none of their admins", async () => {
    const northern = await adminOf(north);
    const listed = (await northern.listUsers({})).users.find((each) => each.id === id);
    expect(listed).toMatchObject({ accountId: north, accountIds: [north], hasOtherAccounts: true });
    await signIn("traveller");
    const sessions = (await admin.listSessions({ userId: id })).sessions;
    for (const act of [
      () => northern.setUserRole({ id, role: Role.VIEWER }),
      () => northern.setUserDisabled({ id, disabled: true }),
      () => northern.resetUser({ id }),
      () => northern.removeUserFactors({ id }),
      () => northern.listSessions({ userId: id }),
      () => northern.endSession({ id: sessions[0]?.id ?? "" }),
    ])
      await expect(act()).rejects.toThrow("has other accounts as well");
    await expect(northern.setUserAccounts({ id, accountIds: [north] })).rejects.toThrow(
      "about all accounts",
    );
    await expect((await adminOf(west)).resetUser({ id })).rejects.toThrow("there is no user");
    expect((await admin.listSessions({ userId: id })).sessions).toHaveLength(sessions.length);
  });

  test("is made by an account's admin in that account alone", async () => {
    const northern = await adminOf(north);
    await expect(
      northern.inviteUser({ name: "y", role: Role.VIEWER, accountIds: [north, south] }),
    ).rejects.toThrow("there is no account");
  });

  test.each([
    { accountIds: [], says: "names no account" },
    { accountIds: ["nobody"], says: 'account with the id nobody: "truechimer accounts" lists' },
    { accountIds: ["default"], allAccounts: true, says: "expected one of the two" },
  ])("is not made of $accountIds: $says", async ({ says, ...accounts }) => {
    await expect(admin.setUserAccounts({ id, ...accounts })).rejects.toThrow(says);
  });

  test("is told by a process of the release before as one of the first account", async () => {
    const { rows } = await database.pool.query(
      "select c.id_token from users u join accounts c on c.id = u.account_id where u.id_token = $1",
      [id],
    );
    expect(rows).toEqual([{ id_token: south }]);
  });
});
