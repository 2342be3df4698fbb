// The fake's people: users, sessions, keys, accounts and a trail in memory, so that the pages have something to show and to
// change. What may not be is refused as the real server does; the real one is tried in the tests of apps/truechimer.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { adminV1, peopleV1, rulesV1, type signInV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";
import type { FakeAdmin } from "./fake-admin.ts";

const { Role } = peopleV1;
const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/** Of every second factor. */
const CODE = "123456";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME =
  "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36";

export interface FakePeople {
  readonly service: ServiceImpl<typeof peopleV1.PeopleService>;
  readonly signIn: ServiceImpl<typeof signInV1.SignInService>;
  /** Who is signed in. Absent: whoever was let in with a one-time key. */
  signedInAs: string | undefined;
  /** What the OpenID Connect provider is called. Absent: there is none. */
  provider: string | undefined;
  /** Where passkeys work. Empty: nowhere. */
  passkeyOrigin: string;
  /** The password of every user. */
  readonly password: string;
}

export function createFakePeople(options: {
  readonly nowMs: () => number;
  readonly admin: Pick<FakeAdmin, "sessionNeeded">;
}): FakePeople {
  const { nowMs, admin } = options;
  const startedAtMs = nowMs();
  const ago = (ms: number): ReturnType<typeof timestampFromMs> => timestampFromMs(startedAtMs - ms);
  const ahead = (ms: number): ReturnType<typeof timestampFromMs> => ago(-ms);
  const users: peopleV1.User[] = [
    user({ name: "ada@example.net", role: Role.ADMIN, sessions: 2, signedInAt: ago(2 * HOUR_MS) }),
    user({ name: "grace", role: Role.OPERATOR, passkeys: 2, signedInAt: ago(9 * DAY_MS) }),
    user({ name: "linus", role: Role.VIEWER, invited: true, linkExpiresAt: ahead(5 * DAY_MS) }),
    user({ name: "mallory", role: Role.VIEWER, disabled: true, signedInAt: ago(40 * DAY_MS) }),
  ];
  const accounts = [
    create(peopleV1.AccountSchema, { id: "default", name: "Home", servers: 9, agents: 10 }),
    create(peopleV1.AccountSchema, { id: `01C${"0".repeat(22)}1`, name: "Lab", servers: 3 }),
  ];
  const keys = [
    create(peopleV1.ApiKeySchema, {
      id: 1n,
      name: "grafana",
      role: Role.VIEWER,
      procedures: ["GetOverview", "ListServers"],
      createdBy: "the dashboard",
      createdAt: ago(30 * DAY_MS),
      lastUsedAt: ago(20_000),
      expiresAt: ahead(60 * DAY_MS),
    }),
  ];
  const sessions = [
    create(peopleV1.SessionSchema, {
      id: "s1",
      current: true,
      createdAt: ago(2 * HOUR_MS),
      lastUsedAt: ago(0),
      expiresAt: ahead(7 * DAY_MS),
      openedFrom: "192.0.2.7",
      userAgent: FIREFOX,
    }),
    create(peopleV1.SessionSchema, {
      id: "s2",
      createdAt: ago(3 * DAY_MS),
      lastUsedAt: ago(DAY_MS),
      expiresAt: ahead(6 * DAY_MS),
      openedFrom: "2001:db8::7",
      userAgent: CHROME,
    }),
  ];
  const entries: peopleV1.AuditEntry[] = [];
  let links = 0;
  let secondFactor = false;
  let chosenAccount = "";
  const passkeys: peopleV1.Passkey[] = [];

  const record = (act: string, object: string, before?: object, after?: object): void => {
    entries.unshift(
      create(peopleV1.AuditEntrySchema, {
        sequence: BigInt(entries.length + 1),
        at: timestampFromMs(nowMs()),
        actorKind: people.signedInAs === undefined ? "owner" : "user",
        actorName: people.signedInAs ?? "the dashboard",
        act,
        object,
        beforeJson: before === undefined ? "" : JSON.stringify(before),
        afterJson: after === undefined ? "" : JSON.stringify(after),
        hash: "ab".repeat(32),
      }),
    );
  };
  const userOf = (id: string): peopleV1.User => {
    const found = users.find((each) => each.id === id);
    if (found === undefined)
      throw appError(Code.NotFound, "not_found", `there is no user with the id ${id}`);
    return found;
  };
  const linkOf = (): MessageInitShape<typeof peopleV1.OneTimeLinkSchema> => {
    links += 1;
    return {
      url: `http://127.0.0.1/welcome#tcl_link-number-${links}`,
      expiresAt: timestampFromMs(nowMs() + 7 * DAY_MS),
    };
  };

  const accountsOf = ({ accountIds }: peopleV1.User): peopleV1.Account[] =>
    accounts.filter(({ id }) => accountIds.includes(id));
  const accountOfCaller = (): peopleV1.Account | undefined => {
    const self = users.find(({ name }) => name === people.signedInAs);
    if (self === undefined || self.accountIds.length === 0) return undefined;
    const own = accountsOf(self);
    return own.find(({ id }) => id === chosenAccount) ?? own[0];
  };
  const passkeyHost = (): string =>
    people.passkeyOrigin === "" ? "" : new URL(people.passkeyOrigin).hostname;

  const service: ServiceImpl<typeof peopleV1.PeopleService> = {
    getCaller: () => {
      if (admin.sessionNeeded)
        throw appError(Code.Unauthenticated, "unauthenticated", "this call needs a session");
      const self = users.find(({ name }) => name === people.signedInAs);
      return create(peopleV1.GetCallerResponseSchema, {
        kind: self === undefined ? "owner" : "user",
        name: self?.name ?? "the dashboard",
        role: self?.role ?? Role.ADMIN,
        userId: self?.id ?? "",
        secondFactor: self !== undefined && secondFactor,
        ...(accountOfCaller() === undefined ? {} : { account: accountOfCaller() ?? {} }),
        accounts: self !== undefined && self.accountIds.length > 1 ? accountsOf(self) : [],
        withoutPassword: self !== undefined && people.provider !== undefined,
        passkeys: self === undefined ? 0 : passkeys.length,
        passkeyOrigin: people.passkeyOrigin,
        procedures:
          self === undefined || self.role === Role.ADMIN
            ? [
                ...adminV1.AdminService.methods,
                ...peopleV1.PeopleService.methods,
                ...rulesV1.RulesService.methods,
              ].map(({ name }) => name)
            : ["ListSessions", "ListAccounts"],
      });
    },
    listUsers: () => ({ users }),
    inviteUser: ({ name, role, accountId }) => {
      if (users.some((each) => each.name === name)) {
        const message = `there is a user named "${name}": choose another name`;
        throw appError(Code.AlreadyExists, "conflict", message);
      }
      const made = user({ name, role, accountId, invited: true, linkExpiresAt: ahead(7 * DAY_MS) });
      users.push(made);
      record("user_invited", `user ${made.id}`, undefined, { name });
      return { user: made, link: linkOf() };
    },
    setUserRole: ({ id, role }) => {
      const found = userOf(id);
      record("user_role_set", `user ${id}`, { role: found.role }, { role });
      found.role = role;
      return { user: found };
    },
    setUserAccounts: ({ id, accountIds, allAccounts }) => {
      if (allAccounts === accountIds.length > 0)
        throw appError(Code.InvalidArgument, "bad_request", "account_ids names no account");
      const found = userOf(id);
      record("user_accounts_set", `user ${id}`, undefined, { accounts: accountIds });
      Object.assign(found, { accountIds, accountId: accountIds[0] ?? "" });
      return { user: found };
    },
    chooseAccount: ({ accountId }) => {
      chosenAccount = accountId;
      record("account_chosen", `account ${accountId}`);
      return {};
    },
    setUserDisabled: ({ id, disabled }) => {
      const found = userOf(id);
      record(disabled ? "user_disabled" : "user_enabled", `user ${id}`, undefined, { disabled });
      found.disabled = disabled;
      if (disabled) found.sessions = 0;
      return { user: found };
    },
    resetUser: ({ id }) => {
      const found = userOf(id);
      record("user_reset", `user ${id}`);
      Object.assign(found, { invited: true, sessions: 0, linkExpiresAt: ahead(7 * DAY_MS) });
      return { user: found, link: linkOf() };
    },
    listSessions: () => ({ sessions }),
    endSession: ({ id }) => {
      const at = sessions.findIndex((session) => session.id === id);
      if (at < 0) throw appError(Code.NotFound, "not_found", `there is no session ${id}`);
      sessions.splice(at, 1);
      record("session_ended", `session ${id}`);
      return {};
    },
    endOtherSessions: () => {
      const ended = sessions.splice(1).length;
      record("other_sessions_ended", "session s1", undefined, { ended });
      return { ended };
    },
    changePassword: ({ currentPassword }) => {
      if (currentPassword !== people.password)
        throw appError(Code.PermissionDenied, "forbidden", "the current password is wrong");
      record("password_changed", "user");
      return {};
    },
    beginSecondFactor: ({ password }) => {
      if (password !== people.password)
        throw appError(Code.PermissionDenied, "forbidden", "the current password is wrong");
      return {
        secret: SECRET,
        uri: `otpauth://totp/Truechimer:ada?secret=${SECRET}&issuer=Truechimer`,
      };
    },
    renewRecoveryCodes: ({ code }) => {
      if (code !== CODE)
        throw appError(Code.PermissionDenied, "forbidden", "the code is wrong, or was used before");
      record("recovery_codes_renewed", "user");
      return { recoveryCodes: ["NEWC-ODES-NEWC-ODES"] };
    },
    confirmSecondFactor: ({ code }) => {
      if (code !== CODE)
        throw appError(Code.PermissionDenied, "forbidden", "the code is wrong, or was used before");
      secondFactor = true;
      record("second_factor_confirmed", "user");
      return {
        recoveryCodes: Array.from(
          { length: 10 },
          (_, index) => `ABCD-EFGH-IJKL-MNO${"ABCDEFGHIJ"[index]}`,
        ),
      };
    },
    removeSecondFactor: () => {
      secondFactor = false;
      record("second_factor_removed", "user");
      return {};
    },
    listPasskeys: () => ({ passkeys }),
    beginPasskeyProof: () => ({ optionsJson: optionsToSign(passkeyHost()) }),
    beginPasskey: ({ password }) => {
      if (password !== people.password)
        throw appError(Code.PermissionDenied, "forbidden", "the current password is wrong");
      record("passkey_proposed", "user");
      return { optionsJson: optionsToMake(passkeyHost(), people.signedInAs ?? "") };
    },
    addPasskey: ({ name }) => {
      const id = `01P${String(passkeys.length + 1).padStart(23, "0")}`;
      const passkey = create(peopleV1.PasskeySchema, {
        id,
        name,
        site: passkeyHost(),
        createdAt: timestampFromMs(nowMs()),
      });
      const isFirst = passkeys.length === 0 && !secondFactor;
      passkeys.unshift(passkey);
      record("passkey_added", `passkey ${id}`, undefined, { name });
      return { passkey, recoveryCodes: isFirst ? ["PASS-KEYC-ODEP-ASSK"] : [] };
    },
    renamePasskey: ({ id, name }) => {
      const found = passkeys.find((passkey) => passkey.id === id);
      if (found === undefined)
        throw appError(Code.NotFound, "not_found", `you have no passkey with the id ${id}`);
      record("passkey_renamed", `passkey ${id}`, { name: found.name }, { name });
      found.name = name;
      return { passkey: found };
    },
    removePasskey: ({ id, code, passkeyJson }) => {
      if (code !== CODE && passkeyJson === "")
        throw appError(Code.PermissionDenied, "forbidden", "the code is wrong, or was used before");
      const at = passkeys.findIndex((passkey) => passkey.id === id);
      if (at < 0)
        throw appError(Code.NotFound, "not_found", `you have no passkey with the id ${id}`);
      passkeys.splice(at, 1);
      record("passkey_removed", `passkey ${id}`);
      return {};
    },
    removeUserFactors: ({ id }) => {
      const found = userOf(id);
      Object.assign(found, { secondFactor: false, passkeys: 0, sessions: 0 });
      record("second_factors_removed", `user ${id}`);
      return { user: found };
    },
    signOut: () => {
      record("session_closed", "session s1");
      admin.sessionNeeded = true;
      return people.provider === undefined ? {} : { providerSignOutUrl: "/sign-in/oidc/sign-out" };
    },
    listKeys: () => ({ keys }),
    createKey: ({ name, role, procedures }) => {
      const id = BigInt(keys.length + 1);
      const made = create(peopleV1.ApiKeySchema, { id, name, role, procedures, createdAt: ago(0) });
      keys.unshift(made);
      record("key_created", `key ${id}`, undefined, { name });
      return { key: made, secret: `tca_${"k".repeat(43)}` };
    },
    revokeKey: ({ id }) => {
      keys.splice(
        keys.findIndex((key) => key.id === id),
        1,
      );
      record("key_revoked", `key ${id}`);
      return {};
    },
    listAccounts: () => ({ accounts }),
    createAccount: ({ name }) => {
      const account = create(peopleV1.AccountSchema, { id: `01C${accounts.length}`, name });
      accounts.push(account);
      record("account_created", `account ${account.id}`, undefined, { name });
      return { account };
    },
    renameAccount: () => ({}),
    moveToAccount: () => ({}),
    listAuditEntries: ({ who, what }) => ({
      entries: entries.filter(
        ({ actorName, act, object }) =>
          actorName.includes(who) && `${act.replaceAll("_", " ")} ${object}`.includes(what),
      ),
    }),
    verifyAudit: () => ({
      whole: true,
      entries: BigInt(entries.length),
      vouchedFor: BigInt(entries.length),
    }),
  };
  const signIn: ServiceImpl<typeof signInV1.SignInService> = {
    getSignInOptions: () => ({
      byName: people.signedInAs !== undefined,
      providerName: people.provider ?? "",
      providerUrl: people.provider === undefined ? "" : "/sign-in/oidc",
      byPasskey: passkeys.length > 0,
      passkeyOrigin: people.passkeyOrigin,
    }),
    beginPasskeySignIn: () => ({ optionsJson: optionsToSign(passkeyHost()) }),
    signInWithPasskey: () => {
      people.signedInAs ??= "ada@example.net";
      admin.sessionNeeded = false;
      return {};
    },
    signIn: ({ name, password, code, passkeyJson }) => {
      const known = users.some((each) => each.name === name && !each.disabled);
      if (!known || password !== people.password) {
        const message = "the name or the password is wrong";
        throw appError(Code.Unauthenticated, "unauthenticated", message);
      }
      const hasFactor = secondFactor || passkeys.length > 0;
      if (hasFactor && code === "" && passkeyJson === "") {
        const passkeyOptionsJson = passkeys.length === 0 ? "" : optionsToSign(passkeyHost());
        return { codeNeeded: true, hasOneTimePasswords: secondFactor, passkeyOptionsJson };
      }
      if (hasFactor && code !== CODE && passkeyJson === "") {
        const message = "the code is wrong, or was used before";
        throw appError(Code.Unauthenticated, "unauthenticated", message);
      }
      people.signedInAs = name;
      admin.sessionNeeded = false;
      return {};
    },
    lookUpLink: ({ secret }) => {
      if (secret.startsWith("tcl_link-")) return { name: "linus" };
      const message = "the one-time link is unknown, used or too old: ask an admin for a new one";
      throw appError(Code.Unauthenticated, "unauthenticated", message);
    },
    useLink: () => {
      people.signedInAs = "linus";
      admin.sessionNeeded = false;
      return {};
    },
  };
  const people: FakePeople = {
    service,
    signIn,
    signedInAs: undefined,
    provider: undefined,
    passkeyOrigin: "",
    password: "correct horse battery staple",
  };
  record("servers_paused", "server 4", { "4": "watched" }, { "4": "paused" });
  record("key_created", "key 1", undefined, {
    name: "grafana",
    role: "viewer",
    procedures: ["GetOverview", "ListServers"],
    expires_at: null,
  });
  record(
    "user_role_set",
    "user 2",
    { name: "grace", role: "viewer" },
    {
      name: "grace",
      role: "operator",
    },
  );
  return people;
}

/** What the fake asks a passkey to sign; it believes every answer. */
const CHALLENGE = "ZmFrZSBjaGFsbGVuZ2Ugb2YgdGhlIGZha2Ugc2VydmVy";

function optionsToSign(rpId: string): string {
  return JSON.stringify({ challenge: CHALLENGE, rpId, userVerification: "required" });
}

function optionsToMake(id: string, name: string): string {
  return JSON.stringify({
    challenge: CHALLENGE,
    rp: { id, name: "Truechimer" },
    user: { id: "YWRh", name, displayName: name },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
    authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
    attestation: "none",
  });
}

let made = 0;

function user(fields: MessageInitShape<typeof peopleV1.UserSchema>): peopleV1.User {
  made += 1;
  const id = `01U${String(made).padStart(23, "0")}`;
  return create(peopleV1.UserSchema, { id, createdBy: "the dashboard", ...fields });
}
