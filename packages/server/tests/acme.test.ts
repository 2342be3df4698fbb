// The dashboard's certificate by ACME, from a real authority: ordered by one process, presented by all, renewed in use, and
// what becomes of it when the authority, a name or a clock is wrong.

import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { systemClock, systemRandom } from "@truechimer/base";
import { createLogger, silentLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { AcmeExternalAccount, AcmeSettings } from "../src/acme/acme-settings.ts";
import { startChallengeListener } from "../src/acme/challenge-listener.ts";
import { type AcmeWorld, runAcme } from "../src/acme/run-acme.ts";
import { createSeal } from "../src/ca/seal.ts";
import { HTTP_LIMITS } from "../src/http/http-options.ts";
import { authorityOn, MASTER_KEY } from "./_master-key.ts";
import { type Pebble, pebbleAvailable, startPebble } from "./_pebble.ts";
import { startServer, useServer } from "./_test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

const DAY_NS = 86_400_000_000_000n;
const NAME = "clocks.example.net";

const database = await useDatabase();
const ca = authorityOn(database);
const rootPem = await ca.rootPem();
const pair = await ca.issueServerCertificate({
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1"],
});
const directory = await mkdtemp(join(tmpdir(), "truechimer-acme-"));
const caFile = join(directory, "root.pem");
await writeFile(caFile, rootPem);
afterAll(() => rm(directory, { recursive: true }));

const world: AcmeWorld = {
  database,
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
  seal: createSeal({ masterKey: MASTER_KEY, random: systemRandom }),
};

interface Row {
  readonly certificate_pem: string | null;
  readonly failures: number;
  readonly last_error: string;
  readonly wait_s: number;
  readonly renew_days: number | null;
  readonly leased: boolean;
}

async function rowOf(settings: AcmeSettings): Promise<Row> {
  const { rows } = await database.pool.query<Row>(
    `select certificate_pem, failures, last_error, leased_until is not null as leased,
      extract(epoch from next_attempt_at - now())::float8 as wait_s,
      (extract(epoch from renew_at - now()) / 86400)::float8 as renew_days
    from acme_certificates where directory_url = $1 and names = $2`,
    [settings.directoryUrl, settings.names],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  return row;
}

async function countRows(table: string): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    `select count(*)::int as n from ${table}`,
  );
  return rows[0]?.n ?? 0;
}

const run = (settings: AcmeSettings, more: Partial<AcmeWorld> = {}): Promise<void> =>
  runAcme({ ...world, ...more }, settings, new AbortController().signal);

beforeEach(async () => {
  await database.pool.query(
    "truncate acme_accounts, acme_certificates, acme_orders, acme_challenges",
  );
});

interface Presented {
  readonly serial: string;
  readonly names: string;
}

/** Connects by the name, and trusts the authority alone. */
async function presentedAt(url: string, roots: string): Promise<Presented | string> {
  const socket = await connected(url, roots).catch((error: unknown) => error as Error);
  if (socket instanceof Error) return String((socket as NodeJS.ErrnoException).code);
  const leaf = socket.getPeerX509Certificate();
  socket.destroy();
  return { serial: leaf?.serialNumber ?? "", names: leaf?.subjectAltName ?? "" };
}

async function connected(url: string, roots: string): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca: roots, servername: NAME });
  await once(socket, "secureConnect");
  return socket;
}

describe.skipIf(!(await pebbleAvailable()))("an authority that speaks ACME", () => {
  let pebble: Pebble;
  beforeAll(async () => {
    pebble = await startPebble({ pair, rootPem, refusedNames: ["refused.example.net"] });
  });
  afterAll(async () => await pebble[Symbol.asyncDispose]());

  const settings = (more: Partial<AcmeSettings> = {}): AcmeSettings => ({
    directoryUrl: pebble.directoryUrl,
    names: [NAME],
    caFile,
    challenges: { host: "127.0.0.1", port: pebble.challengePort },
    ...more,
  });

  test("two processes: one orders, the other answers the proof, both present it without a restart, and it is renewed", async () => {
    const tls = { kind: "acme", ...settings() } as const;
    const common = { masterKey: MASTER_KEY, publicUrl: `https://${NAME}` };
    const asked = await useServer(database, { ...common, tls });
    // Whoever orders has its own listener elsewhere: the authority asks the other process.
    const elsewhere = { ...tls, challenges: { host: "127.0.0.1", port: 0 } };
    const begun = await presentedAt(asked.server.url, pebble.issuingRootPem);
    const ordering = await useServer(database, {
      ...common,
      tls: elsewhere,
      roles: ["api", "worker"],
    });
    // The built-in authority's stands in until there is one.
    expect(begun).toMatch(/CERT/);
    const issued = async (): Promise<readonly (Presented | string)[]> =>
      await Promise.all(
        [asked, ordering].map(({ server }) => presentedAt(server.url, pebble.issuingRootPem)),
      );
    await expect
      .poll(issued, { timeout: 40_000, interval: 250 })
      .toEqual([expect.objectContaining({ names: `DNS:${NAME}` }), expect.anything()]);
    await expect
      .poll(issued, { timeout: 20_000, interval: 250 })
      .toEqual([
        expect.objectContaining({ names: `DNS:${NAME}` }),
        expect.objectContaining({ names: `DNS:${NAME}` }),
      ]);
    const [first, second] = await issued();
    expect(first).toEqual(second);
    expect(await countRows("acme_orders")).toBe(1);

    const { dashboardCertificate: shown, loops } = await callSystem(
      asked.server.url,
      asked.adminKey,
    );
    expect(shown).toMatchObject({
      source: "acme",
      names: [NAME],
      issuer: expect.stringContaining("Pebble"),
    });
    expect(shown?.lastError ?? "").toBe("");
    expect(loops.map(({ name }) => name)).toContain("acme");

    const open = await connected(asked.server.url, pebble.issuingRootPem);
    const before = open.getPeerX509Certificate()?.serialNumber;
    await database.pool.query("update acme_certificates set renew_at = now()");
    await run(settings());
    await expect
      .poll(issued, { timeout: 20_000, interval: 250 })
      .not.toContainEqual(expect.objectContaining({ serial: before }));
    // The connection of before is alive, with its certificate.
    open.write(`GET /healthz/live HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`);
    const [answer] = (await once(open, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/);
    open.destroy();
    expect(await countRows("acme_orders")).toBe(2);
  });

  describe("with a listener for its questions", () => {
    let close: () => PromiseLike<void>;
    beforeAll(async () => {
      const listener = await startChallengeListener(
        { database, logger: silentLogger },
        { address: settings().challenges, limits: HTTP_LIMITS, publicUrl: `https://${NAME}` },
      );
      close = () => listener[Symbol.asyncDispose]();
    });
    afterAll(async () => await close());

    test("at once, five runs make one order; the next have nothing to do until the last third of its life", async () => {
      await Promise.all(Array.from({ length: 5 }, () => run(settings())));
      expect(await countRows("acme_orders")).toBe(1);
      const row = await rowOf(settings());
      expect(row).toMatchObject({ failures: 0, last_error: "", leased: false });
      expect(row.renew_days).toBeGreaterThan(59);
      expect(row.renew_days).toBeLessThan(61);
      await run(settings());
      expect(await countRows("acme_orders")).toBe(1);
    });

    test("several names in one certificate; other names are another one", async () => {
      await run(settings({ names: [NAME, "zeit.example.net"], email: "clocks@example.net" }));
      const { certificate_pem: pem } = await rowOf(settings({ names: [NAME, "zeit.example.net"] }));
      expect(pem).toContain("BEGIN CERTIFICATE");
      await run(settings());
      expect(await countRows("acme_certificates")).toBe(2);
    });

    test("no key of it, or of the account, lies open in the database", async () => {
      await run(settings());
      const { rows } = await database.pool.query<{ sealed_key: Buffer }>(
        "select sealed_key from acme_certificates union all select sealed_key from acme_accounts",
      );
      expect(rows).toHaveLength(2);
      // PKCS #8 begins with a sequence of version 0 and the algorithm of elliptic curves.
      const plain = Buffer.from("020100301306072a8648ce3d0201", "hex");
      for (const { sealed_key: sealed } of rows) expect(sealed.includes(plain)).toBe(false);
    });

    test.each([
      {
        name: "a name that it certifies never",
        names: ["refused.example.net"],
        says: /certificate_refused: .*rejectedIdentifier.*check acme\.names/,
      },
      {
        name: "a name that leads elsewhere",
        names: ["lost.example.net"],
        says: /certificate_refused: the ACME authority refuses the proof of lost\.example\.net: .*acme\.http_port/,
      },
    ])(
      "$name is told, is tried again in a quarter of an hour, and the certificate of before stays",
      async ({ names, says }) => {
        await pebble.point("lost.example.net", "127.0.0.9");
        await run(settings({ names }));
        const failed = await rowOf(settings({ names }));
        expect(failed).toMatchObject({ certificate_pem: null, failures: 1, leased: false });
        expect(failed.last_error).toMatch(says);
        expect(failed.wait_s).toBeGreaterThan(11 * 60);
        expect(failed.wait_s).toBeLessThan(19 * 60);
        await run(settings({ names }));
        expect(await countRows("acme_orders")).toBe(1);
      },
    );

    test("never more orders in an hour than the authority's limit, whatever is done to the rows", async () => {
      for (let attempt = 0; attempt < 8; attempt += 1) {
        await database.pool.query("delete from acme_certificates");
        await run(settings({ names: ["refused.example.net"] }));
      }
      expect(await countRows("acme_orders")).toBe(4);
      const { last_error: said } = await rowOf(settings({ names: ["refused.example.net"] }));
      expect(said).toMatch(/^limit_exceeded: 4 certificates were ordered in the last hour/);
    });

    test("our own limit, that no authority has seen, makes no later pause longer", async () => {
      await database.pool.query(
        `insert into acme_orders (directory_url, names) select $1, $2 from generate_series(1, 4)`,
        [pebble.directoryUrl, [NAME]],
      );
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await run(settings());
        const row = await rowOf(settings());
        expect(row).toMatchObject({ failures: 0, leased: false });
        expect(row.last_error).toMatch(/^limit_exceeded: 4 certificates were ordered/);
        expect(row.wait_s).toBeGreaterThan(14 * 60);
        expect(row.wait_s).toBeLessThan(16 * 60);
        await database.pool.query("update acme_certificates set next_attempt_at = now()");
      }
      await database.pool.query("update acme_orders set ordered_at = now() - interval '2 hours'");
      await run(settings());
      expect(await rowOf(settings())).toMatchObject({ failures: 0, last_error: "" });
    });

    test("nor more certificates for the same names in a week", async () => {
      await database.pool.query(
        `insert into acme_orders (directory_url, names, ordered_at, issued_at)
        select $1, $2, now() - n * interval '1 day', now() - n * interval '1 day' from generate_series(1, 4) n`,
        [pebble.directoryUrl, [NAME]],
      );
      await run(settings());
      expect((await rowOf(settings())).last_error).toMatch(
        /^limit_exceeded: 4 certificates for the same names/,
      );
      expect(await countRows("acme_orders")).toBe(4);
    });

    test("a host's clock that is off is told, and a certificate of before stays in use", async () => {
      await run(settings());
      const { certificate_pem: before } = await rowOf(settings());
      await database.pool.query("update acme_certificates set renew_at = now()");
      const clock = { ...systemClock, nowNs: () => systemClock.nowNs() + 200n * DAY_NS };
      await run(settings(), { clock });
      const row = await rowOf(settings());
      expect(row.certificate_pem).toBe(before);
      expect(row.last_error).toMatch(
        /certificate_refused: .*by this host's clock it is .*set the clock/,
      );
    });

    test("a process that stops in the middle gives the order back and counts no failure", async () => {
      const stopping = new AbortController();
      const stopped = runAcme(world, settings(), stopping.signal);
      stopping.abort(new Error("stopped"));
      await stopped;
      expect(await rowOf(settings())).toMatchObject({ failures: 0, leased: false, last_error: "" });
      await run(settings());
      expect((await rowOf(settings())).certificate_pem).not.toBeNull();
    });

    test("one that was killed in the middle loses its lease, and another one orders", async () => {
      await database.pool.query(
        "insert into acme_certificates (directory_url, names, leased_until) values ($1, $2, now() + interval '5 min')",
        [pebble.directoryUrl, [NAME]],
      );
      await run(settings());
      expect(await countRows("acme_orders")).toBe(0);
      await database.pool.query(
        "update acme_certificates set leased_until = now() - interval '1 s'",
      );
      await run(settings());
      expect((await rowOf(settings())).certificate_pem).not.toBeNull();
    });

    test("an authority that wants pauses gets them, and one that says when to renew is obeyed", async () => {
      const limited = await behindProxy(pebble.directoryUrl, (request) =>
        request.url === "/order-plz"
          ? {
              status: 429,
              headers: { "retry-after": "7200" },
              body: {
                type: "urn:ietf:params:acme:error:rateLimited",
                detail: "too many\u0007 orders",
              },
            }
          : undefined,
      );
      const slow = settings({ directoryUrl: `${limited.url}/dir` });
      await run(slow);
      const held = await rowOf(slow);
      expect(held.last_error).toMatch(/^limit_exceeded: .*too many orders \(rateLimited\)/);
      expect(held.wait_s).toBeGreaterThan(7_190);
      await limited.end();

      const start = new Date(Date.now() + 5 * 86_400_000).toISOString();
      const end = new Date(Date.now() + 6 * 86_400_000).toISOString();
      const asked: string[] = [];
      const wishing = await behindProxy(pebble.directoryUrl, (request) => {
        if (request.url?.startsWith("/renewal/") !== true) return undefined;
        asked.push(request.url);
        return {
          status: 200,
          headers: { "retry-after": "21600" },
          body: { suggestedWindow: { start, end } },
        };
      });
      const wished = settings({ directoryUrl: `${wishing.url}/dir` });
      await run(wished);
      await run(wished);
      await run(wished);
      expect(asked).toEqual([expect.stringMatching(/^\/renewal\/[\w-]+\.[\w-]+$/)]);
      const { renew_days: days } = await rowOf(wished);
      expect(days).toBeGreaterThan(4.9);
      expect(days).toBeLessThan(6.1);
      await wishing.end();
    });
  });

  test.each([
    {
      name: "that is not there",
      more: { directoryUrl: "https://127.0.0.1:9/dir" },
      says: /^peer_unreachable: .*127\.0\.0\.1:9 does not answer \(ECONNREFUSED\).*acme\.directory_url/,
      waitMax: 80,
    },
    {
      name: "of a private root that was not named",
      more: { caFile: undefined },
      says: /^peer_untrusted: .*acme\.ca_file/,
      waitMax: 80,
    },
    {
      name: "that is no directory",
      more: { path: "/nonce-plz" },
      says: /^bad_answer: .*is no directory of an ACME authority.*check acme\.directory_url/,
      waitMax: 20 * 60,
    },
    {
      name: "whose root's file is gone",
      more: { caFile: "/nowhere/ca.pem" },
      says: /^config_unreadable: acme\.ca_file: \/nowhere\/ca\.pem cannot be read/,
      waitMax: 20 * 60,
    },
  ])("a directory $name is told, and nothing is ordered", async ({ more, says, waitMax }) => {
    const {
      path,
      caFile: root,
      directoryUrl,
    } = { caFile, ...more } as Record<string, string | undefined>;
    const { caFile: _named, ...rest } = settings();
    const wrong: AcmeSettings = {
      ...rest,
      directoryUrl:
        directoryUrl ??
        (path === undefined ? rest.directoryUrl : new URL(path, rest.directoryUrl).href),
      ...(root === undefined ? {} : { caFile: root }),
    };
    await run(wrong);
    const row = await rowOf(wrong);
    expect(row.last_error).toMatch(says);
    expect(row.wait_s).toBeLessThan(waitMax);
    expect(await countRows("acme_orders")).toBe(0);
  });
});

describe.skipIf(!(await pebbleAvailable()))(
  "an authority that wants an account of its own kind",
  () => {
    const hmacKey = new Uint8Array(
      Buffer.from("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG4", "base64url"),
    );
    const other = new Uint8Array(32).fill(7);
    let pebble: Pebble;
    let close: () => PromiseLike<void>;
    beforeAll(async () => {
      pebble = await startPebble({
        pair,
        rootPem,
        takesEveryNonce: true,
        externalAccounts: Object.fromEntries(
          [["kid-1", hmacKey] as const, ["kid-2", other] as const].map(([keyId, key]) => [
            keyId,
            Buffer.from(key).toString("base64url"),
          ]),
        ),
      });
      const address = { host: "127.0.0.1", port: pebble.challengePort };
      const listener = await startChallengeListener(
        { database, logger: silentLogger },
        { address, limits: HTTP_LIMITS, publicUrl: `https://${NAME}` },
      );
      close = () => listener[Symbol.asyncDispose]();
    });
    afterAll(async () => {
      await close();
      await pebble[Symbol.asyncDispose]();
    });

    const settings = (externalAccount?: AcmeExternalAccount): AcmeSettings => ({
      directoryUrl: pebble.directoryUrl,
      names: [NAME],
      caFile,
      challenges: { host: "127.0.0.1", port: pebble.challengePort },
      ...(externalAccount === undefined ? {} : { externalAccount }),
    });

    test("certifies whose account is bound to it; the binding is shown once, another one is another account", async () => {
      const asked: string[] = [];
      const proxy = await behindProxy(pebble.directoryUrl, (request) => {
        asked.push(request.url ?? "");
        return undefined;
      });
      const bound = { ...settings({ keyId: "kid-1", hmacKey }), directoryUrl: `${proxy.url}/dir` };
      await run(bound);
      expect(await rowOf(bound)).toMatchObject({ failures: 0, last_error: "" });
      const accountCalls = (): number => asked.filter((url) => url === "/sign-me-up").length;
      expect(accountCalls()).toBe(2);
      await database.pool.query("update acme_certificates set renew_at = now()");
      await run(bound);
      expect(await countRows("acme_orders")).toBe(2);
      expect((await rowOf(bound)).last_error).toBe("");
      // Found by its key: nothing is bound again.
      expect(accountCalls()).toBe(3);
      await database.pool.query("update acme_certificates set renew_at = now()");
      await run({ ...bound, externalAccount: { keyId: "kid-2", hmacKey: other } });
      expect(accountCalls()).toBe(5);
      expect(await countRows("acme_accounts")).toBe(2);
      await proxy.end();
    });

    test.each([
      {
        name: "without an account there",
        says: /^certificate_refused: .*the account.*externalAccountRequired\); .*set acme\.eab_key_id and acme\.eab_hmac_key_file/,
      },
      {
        name: "with a key identifier that it does not know",
        external: { keyId: "kid-9", hmacKey },
        says: /^certificate_refused: .*the account.*; see that acme\.eab_key_id/,
      },
      {
        name: "with the key of another account",
        external: { keyId: "kid-1", hmacKey: other },
        says: /^certificate_refused: .*the account.*; see that acme\.eab_key_id/,
      },
    ])(
      "refuses who comes $name; nothing is ordered, no key is told",
      async ({ external, says }) => {
        const lines: string[] = [];
        const logger = createLogger({ output: { write: (line) => lines.push(line) } });
        await run(settings(external), { logger });
        const { last_error: said } = await rowOf(settings());
        expect(said).toMatch(says);
        expect(await countRows("acme_orders")).toBe(0);
        expect(lines.join("")).toContain("was not issued by ACME");
        for (const key of [hmacKey, other]) {
          for (const form of ["base64", "base64url", "hex"] as const) {
            expect(`${said}${lines.join("")}`).not.toContain(Buffer.from(key).toString(form));
          }
        }
      },
    );
  },
);

test("without a master key it does not start, and says what it needs", async () => {
  const tls = {
    kind: "acme",
    directoryUrl: "https://127.0.0.1:9/dir",
    names: [NAME],
    challenges: { host: "127.0.0.1", port: 0 },
  } as const;
  await expect(startServer(database, { tls })).rejects.toMatchObject({
    code: "master_key_missing",
    message: expect.stringContaining("secrets.master_key_file"),
  });
});

test("the plain listener answers proofs alone; browsers are sent to the dashboard's name, and to no other", async () => {
  await using listener = await startChallengeListener(
    { database, logger: silentLogger },
    { address: { host: "127.0.0.1", port: 0 }, limits: HTTP_LIMITS, publicUrl: `https://${NAME}` },
  );
  await database.pool.query(
    `insert into acme_challenges values ('token', 'token.print', now() + interval '1 min'),
      ('old', 'old.print', now() - interval '1 min')`,
  );
  const ask = async (path: string, method = "GET"): Promise<string> => {
    const response = await fetch(`${listener.url}${path}`, { redirect: "manual", method });
    return `${response.status} ${response.headers.get("location") ?? (await response.text())}`;
  };
  const at = "/.well-known/acme-challenge";
  expect(await ask(`${at}/token`)).toBe("200 token.print");
  expect(await ask(`${at}/old`)).toBe("404 not found\n");
  expect(await ask(`${at}/none`)).toBe("404 not found\n");
  expect(await ask(`${at}/..%2Ftoken`)).toBe("404 not found\n");
  expect(await ask("/servers?q=1")).toBe(`308 https://${NAME}/servers?q=1`);
  expect(await ask("//evil.example/")).toBe(`308 https://${NAME}//evil.example/`);
  expect(await ask("/servers", "POST")).toBe("405 method not allowed\n");
});

/** GetSystem by JSON, past the certificate, which `presentedAt` is for. */
async function callSystem(
  url: string,
  key: string,
): Promise<{
  dashboardCertificate?: { source: string; lastError?: string };
  loops: { name: string }[];
}> {
  const request = httpsRequest(`${url}/truechimer.admin.v1.AdminService/GetSystem`, {
    method: "POST",
    rejectUnauthorized: false,
    agent: false,
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
  });
  request.end("{}");
  const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
  let text = "";
  for await (const part of response) text += part.toString();
  return JSON.parse(text) as Awaited<ReturnType<typeof callSystem>>;
}

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The real authority behind a proxy that says some things itself, and tells of renewal information in its directory. */
async function behindProxy(
  directoryUrl: string,
  answer: (request: IncomingMessage) => Told | undefined,
): Promise<{ readonly url: string; end(): Promise<void> }> {
  const server = createTlsServer(
    { key: pair.keyPem, cert: pair.certificatePem },
    (request: IncomingMessage, response: ServerResponse) => {
      const told = answer(request);
      if (told !== undefined) {
        response.writeHead(told.status, told.headers).end(JSON.stringify(told.body));
        return;
      }
      const passed = httpsRequest(
        new URL(request.url ?? "", directoryUrl),
        { method: request.method, headers: request.headers, ca: rootPem, agent: false },
        (from) => {
          if (request.url !== "/dir") {
            response.writeHead(from.statusCode ?? 0, from.headers);
            from.pipe(response);
            return;
          }
          void bodyOf(from).then((text) => {
            const renewalInfo = `https://${request.headers.host}/renewal`;
            response.end(JSON.stringify({ ...(JSON.parse(text) as object), renewalInfo }));
          });
        },
      );
      request.pipe(passed);
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    end: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(from: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const part of from) text += part.toString();
  return text;
}
