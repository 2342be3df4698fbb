// The certificate authority on a real database: persistence, replicas, the ledger, revocation.

import { createHash, X509Certificate } from "node:crypto";
import { systemClock } from "@truechimer/base";
import { createCertificateRequest, decodePem, generateSigner } from "@truechimer/pki";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import { AGENT_SETTINGS } from "../src/agent-settings.ts";
import { authorityOn, MASTER_KEY, OTHER_MASTER_KEY } from "./_master-key.ts";
import { startServer } from "./_test-server.ts";

const database = await useDatabase();
/** Empty ones for the tests that begin with nothing. */
const spare = {
  replicas: await useDatabase(),
  servers: await useDatabase(),
  later: await useDatabase(),
  ledger: await useDatabase(),
  stranger: await useDatabase(),
};
const ca = authorityOn(database);
const ZURICH = "zurich-1gw2pjj.prod.mon.truechimer.internal";
const MINUTE_MS = 60_000;
const DAY_NS = 86_400_000_000_000n;

async function csrFor(...names: readonly string[]): Promise<Uint8Array> {
  return createCertificateRequest(await generateSigner("P-256"), ...names);
}

function chainOf(pem: string): readonly Uint8Array[] {
  const blocks = decodePem("CERTIFICATE", pem);
  if (!blocks.ok) throw new Error(blocks.error);
  return blocks.value;
}

async function issued(
  tlsName: string,
  authority = ca,
): Promise<{ serial: string; chain: readonly Uint8Array[] }> {
  const certificate = await authority.issueAgentCertificate({ tlsName, csrDer: await csrFor() });
  if (!certificate.ok) throw new Error(certificate.error);
  return {
    serial: certificate.value.serial,
    chain: chainOf(certificate.value.certificatePem),
  };
}

describe("one authority for all replicas", () => {
  test("replicas that start at once on an empty database share one, and a later one finds it", async () => {
    const empty = spare.replicas;
    const replicas = Array.from({ length: 4 }, () => authorityOn(empty));
    const fingerprints = await Promise.all(replicas.map((replica) => replica.rootFingerprint()));
    expect(new Set(fingerprints).size).toBe(1);
    expect(await authorityOn(empty).rootFingerprint()).toBe(fingerprints[0]);
    const { rows } = await empty.pool.query(
      "select tier, count(*)::int as count from certificate_authorities group by tier order by tier",
    );
    expect(rows).toEqual([
      { tier: "issuing", count: 1 },
      { tier: "root", count: 1 },
    ]);
  });

  test("two servers on one empty database serve certificates of one authority", async () => {
    const empty = spare.servers;
    const start = () => startServer(empty, { masterKey: MASTER_KEY });
    const [one, other] = await Promise.all([start(), start()]);
    await Promise.all([one, other].map(({ server }) => server[Symbol.asyncDispose]()));
    const { rows } = await empty.pool.query("select kind from events order by id");
    expect(rows).toEqual([{ kind: "authority_created" }, { kind: "authority_created" }]);
  });

  test("what one replica issued holds at another", async () => {
    const { chain } = await issued(ZURICH);
    const verified = await authorityOn(database).verifyAgentCertificate(chain, systemClock.nowNs());
    expect(verified).toMatchObject({ ok: true, value: { tlsName: ZURICH } });
  });

  test("another master key is refused by its id, and the server does not start", async () => {
    await ca.rootFingerprint();
    const wrong = authorityOn(database, { masterKey: OTHER_MASTER_KEY });
    await expect(wrong.rootPem()).rejects.toMatchObject({
      code: "master_key_wrong",
      message: expect.stringMatching(
        /sealed with the master key [0-9a-f]{8}, and [0-9a-f]{8} was given.*secrets\.master_key_file/,
      ),
    });
    await expect(startServer(database, { masterKey: OTHER_MASTER_KEY })).rejects.toMatchObject({
      code: "master_key_wrong",
    });
  });

  test("no key stands in the database in the open", async () => {
    await ca.rootFingerprint();
    const { rows } = await database.pool.query<{ sealed_key: Buffer }>(
      "select sealed_key from certificate_authorities",
    );
    for (const { sealed_key } of rows) {
      await expect(
        crypto.subtle.importKey(
          "pkcs8",
          new Uint8Array(sealed_key),
          { name: "ECDSA", namedCurve: "P-256" },
          false,
          ["sign"],
        ),
      ).rejects.toThrow();
    }
  });

  test("an issuing authority in its last third is replaced, and what it signed holds on", async () => {
    const own = spare.later;
    const before = authorityOn(own);
    const { chain } = await issued(ZURICH, before);
    const later = { ...systemClock, nowNs: () => systemClock.nowNs() + 4n * 365n * DAY_NS };
    const after = authorityOn(own, { clock: later });
    const { chain: newer } = await issued("oslo-1234567.prod.mon.truechimer.internal", after);
    expect(await after.rootFingerprint()).toBe(await before.rootFingerprint());
    expect(Buffer.from(newer[1] ?? []).equals(chain[1] ?? Buffer.of())).toBe(false);
    expect((await after.verifyAgentCertificate(chain, systemClock.nowNs())).ok).toBe(true);
    expect((await after.verifyAgentCertificate(newer, later.nowNs())).ok).toBe(true);
  });
});

describe("an agent's certificate", () => {
  test("hangs from the root, bears the agent's name, and says what the answer says", async () => {
    const answer = await ca.issueAgentCertificate({
      tlsName: ZURICH,
      csrDer: await csrFor(ZURICH),
    });
    if (!answer.ok) throw new Error(answer.error);
    const [leafDer, issuingDer] = chainOf(answer.value.certificatePem);
    const leaf = new X509Certificate(leafDer ?? Buffer.of());
    const issuing = new X509Certificate(issuingDer ?? Buffer.of());
    const root = new X509Certificate(await ca.rootPem());
    expect(leaf.subjectAltName).toBe(`DNS:${ZURICH}`);
    expect(leaf.verify(issuing.publicKey)).toBe(true);
    expect(issuing.verify(root.publicKey)).toBe(true);
    expect(root.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(await ca.rootFingerprint());
    expect(leaf.serialNumber.toLowerCase()).toBe(answer.value.serial);
    expect(leaf.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(answer.value.fingerprint);
    expect(BigInt(Date.parse(leaf.validTo)) * 1_000_000n).toBe(answer.value.notAfterNs);
    expect(BigInt(Date.parse(leaf.validFrom)) * 1_000_000n).toBe(answer.value.notBeforeNs);
  });

  test("with a key of ours, for agents that are given one", async () => {
    const pair = await ca.issueAgentCertificateWithKey({ tlsName: ZURICH });
    const leaf = new X509Certificate(pair.certificatePem);
    const { createPrivateKey } = await import("node:crypto");
    expect(leaf.checkPrivateKey(createPrivateKey(pair.keyPem))).toBe(true);
  });

  test.each([
    {
      name: "a name of another domain",
      tlsName: "zurich-1gw2pjj.prod.mon.ntppool.dev",
      reason: /expected <label>\.<environment>\.mon\.truechimer\.internal/,
    },
    {
      name: "a name of another environment",
      tlsName: "zurich-1gw2pjj.test.mon.truechimer.internal",
      reason: /of the environment test: this control plane is prod/,
    },
    {
      name: "a request for another agent's name",
      tlsName: "oslo-1234567.prod.mon.truechimer.internal",
      reason: /asks for the name "zurich-.*": the agent's is oslo-/,
    },
  ])("$name is refused with the reason", async ({ tlsName, reason }) => {
    const answer = await ca.issueAgentCertificate({ tlsName, csrDer: await csrFor(ZURICH) });
    expect(answer).toEqual({ ok: false, error: expect.stringMatching(reason) });
  });

  test("bytes that are no request are refused, and no serial is taken", async () => {
    const count = async () => {
      const { rows } = await database.pool.query("select count(*)::int as n from certificates");
      return rows[0]?.n;
    };
    const before = await count();
    const answer = await ca.issueAgentCertificate({ tlsName: ZURICH, csrDer: Buffer.from("no") });
    expect(answer.ok).toBe(false);
    expect(await count()).toBe(before);
  });
});

describe("the ledger", () => {
  test("has the serial before anything is signed: a signature that fails leaves a reserved row", async () => {
    const own = spare.ledger;
    const authority = authorityOn(own);
    await authority.rootFingerprint();
    // Whoever signs next finds its row locked by nobody, and the update of it impossible.
    await own.pool.query(
      `create function no_update() returns trigger language plpgsql as $$ begin raise exception 'disk gone'; end $$;
       create trigger no_update before update on certificates execute function no_update()`,
    );
    await expect(issued(ZURICH, authority)).rejects.toThrow();
    const { rows } = await own.pool.query(
      "select tls_name, certificate, issued_at from certificates",
    );
    expect(rows).toEqual([{ tls_name: ZURICH, certificate: null, issued_at: null }]);
  });

  test("holds every certificate as it was issued", async () => {
    const { serial, chain } = await issued(ZURICH);
    const { rows } = await database.pool.query(
      "select tls_name, profile, names, certificate, fingerprint, revoked_at from certificates where serial = $1",
      [serial],
    );
    expect(rows).toEqual([
      {
        tls_name: ZURICH,
        profile: "agent",
        names: [ZURICH],
        certificate: Buffer.from(chain[0] ?? []),
        fingerprint: createHash("sha256")
          .update(chain[0] ?? Buffer.of())
          .digest(),
        revoked_at: null,
      },
    ]);
  });

  test("two hundred at once have two hundred serials", async () => {
    const all = await Promise.all(Array.from({ length: 200 }, () => issued(ZURICH)));
    expect(new Set(all.map(({ serial }) => serial)).size).toBe(200);
  });
});

describe("a certificate is not accepted", () => {
  const refusal = async (
    chain: readonly Uint8Array[],
    options: { readonly authority?: typeof ca; readonly nowNs?: bigint } = {},
  ): Promise<string> => {
    const { authority = ca, nowNs = systemClock.nowNs() } = options;
    const verified = await authority.verifyAgentCertificate(chain, nowNs);
    return verified.ok ? "accepted" : verified.error;
  };

  test("after it was revoked, also at another replica; the agent's next one is good", async () => {
    const name = "bern-1gw2pjj.prod.mon.truechimer.internal";
    const { chain } = await issued(name);
    const { chain: others } = await issued(ZURICH);
    await ca.revokeAgentCertificates({ tlsName: name.toUpperCase() });
    expect(await refusal(chain)).toMatch(/was revoked/);
    expect(await refusal(chain, { authority: authorityOn(database) })).toMatch(/was revoked/);
    expect(await refusal(others)).toBe("accepted");
    expect(await refusal((await issued(name)).chain)).toBe("accepted");
  });

  test("before and after its life", async () => {
    const { chain } = await issued(ZURICH);
    const now = systemClock.nowNs();
    expect(await refusal(chain, { nowNs: now - DAY_NS })).toMatch(/not valid yet/);
    expect(await refusal(chain, { nowNs: now + 31n * DAY_NS })).toMatch(/has expired/);
  });

  test("from another control plane's authority", async () => {
    const { chain } = await issued(ZURICH, authorityOn(spare.stranger));
    expect(await refusal(chain)).toMatch(/not one of ours/);
  });

  test("when it is a server's", async () => {
    const server = await ca.issueServerCertificate({
      dnsNames: ["agents.example.net"],
      ipAddresses: ["127.0.0.1"],
    });
    expect(await refusal(chainOf(server.certificatePem))).toMatch(/not for a client/);
  });

  test("when its name is of another environment", async () => {
    const { chain } = await issued(ZURICH);
    const authority = authorityOn(database, { agents: { ...AGENT_SETTINGS, environment: "test" } });
    expect(await refusal(chain, { authority })).toMatch(
      /environment prod: this control plane is test/,
    );
  });

  test("when our key signed it and the ledger has it not", async () => {
    const { serial, chain } = await issued(ZURICH);
    await database.pool.query("delete from certificates where serial = $1", [serial]);
    expect(await refusal(chain)).toMatch(/not in this control plane's ledger/);
  });

  test("when none was sent, or bytes that are none", async () => {
    expect(await refusal([])).toMatch(/no certificate/);
    expect(await refusal([Buffer.from("x")])).toMatch(/certificate/);
  });
});

test("a lifetime that no profile allows is refused by its limits", async () => {
  const authority = authorityOn(database, {
    agents: { ...AGENT_SETTINGS, certificateLifetimeMs: MINUTE_MS },
  });
  await expect(
    authority.issueAgentCertificate({ tlsName: ZURICH, csrDer: await csrFor() }),
  ).rejects.toMatchObject({ code: "config_bad_value" });
});

test("what cannot be a server's name is refused", async () => {
  await expect(
    ca.issueServerCertificate({ dnsNames: ["*.example.net"], ipAddresses: [] }),
  ).rejects.toMatchObject({ code: "config_bad_value" });
});
