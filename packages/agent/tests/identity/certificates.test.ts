// Certificate and key as one: what is a pair, when it is renewed, and that both follow each other in the files.

import { X509Certificate } from "node:crypto";
import { connect, createServer, type TLSSocket } from "node:tls";
import { describe, expect, test } from "vitest";
import {
  encodeCombinedPair,
  parseCertificatePair,
  parseCombinedPair,
} from "../../src/identity/certificate-pair.ts";
import { checkCertificate } from "../../src/identity/certificate-renewal.ts";
import {
  createCertificateRequest,
  requestOverKey,
} from "../../src/identity/certificate-request.ts";
import { EMPTY_STATE, encodeStateFile } from "../../src/identity/state-file.ts";
import { DAY_NS, HOUR_NS, MINUTE_NS, pairOf, START_NS, testAuthority } from "./_certificates.ts";
import { createMemoryFileSystem } from "./_memory-file-system.ts";
import {
  configAnswer,
  createFakePlane,
  DIRECTORY,
  family,
  NAME,
  settled,
  simulateIdentity,
  unreachable,
  until,
} from "./_simulated-identity.ts";

const YEAR_NS = 365n * DAY_NS;
const MINUTE_MS = 60_000;

describe("a pair of certificate and key", () => {
  test("has its dates, its name and its fingerprint", async () => {
    const pair = await pairOf({ ageNs: HOUR_NS, remainingNs: 90n * DAY_NS });
    expect(pair).toMatchObject({
      notBeforeNs: START_NS - HOUR_NS,
      notAfterNs: START_NS + 90n * DAY_NS,
      dnsNames: [NAME],
    });
    expect(pair.fingerprint).toBe(
      new X509Certificate(pair.certificatePem).fingerprint256.replaceAll(":", "").toLowerCase(),
    );
  });

  test("is read back from the file that holds both", async () => {
    const pair = await pairOf({ ageNs: HOUR_NS, remainingNs: 90n * DAY_NS });
    expect(parseCombinedPair(encodeCombinedPair(pair))).toEqual({ ok: true, value: pair });
  });

  test("is none when the key belongs to another certificate", async () => {
    const one = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
    const other = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
    const mixed = { certificatePem: one.certificatePem, keyPem: other.keyPem };
    expect(parseCertificatePair(mixed)).toMatchObject({
      ok: false,
      error: expect.stringContaining("does not belong"),
    });
    expect(parseCombinedPair(encodeCombinedPair(mixed)).ok).toBe(false);
  });

  test.each([
    { name: "an empty certificate", certificatePem: "", keyPem: undefined },
    { name: "an empty key", certificatePem: undefined, keyPem: "" },
    { name: "no PEM at all", certificatePem: "not a certificate", keyPem: "not a key" },
    {
      name: "a damaged certificate",
      certificatePem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      keyPem: undefined,
    },
    {
      name: "a damaged key",
      certificatePem: undefined,
      keyPem: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    },
    { name: "a text without end", certificatePem: "x".repeat(100_000), keyPem: undefined },
  ])("$name is refused, with a reason that holds no secret", async ({ certificatePem, keyPem }) => {
    const good = await pairOf({ ageNs: HOUR_NS, remainingNs: DAY_NS });
    const parsed = parseCertificatePair({
      certificatePem: certificatePem ?? good.certificatePem,
      keyPem: keyPem ?? good.keyPem,
    });
    expect(parsed).toMatchObject({ ok: false, error: expect.stringMatching(/^.{5,80}$/) });
  });

  test("serves a client and a server in a real handshake", async () => {
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    const authority = await testAuthority();
    const life = { notBeforeNs: nowNs - HOUR_NS, notAfterNs: nowNs + DAY_NS };
    const pair = await authority.issueAgent({ name: NAME, ...life });
    const tls = { ca: authority.rootPem, cert: pair.certificatePem, key: pair.keyPem };
    const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true });
    const greeted = new Promise<string>((resolve, reject) => {
      server.once("secureConnection", (socket) => {
        resolve(socket.getPeerCertificate().subject.CN as string);
        socket.end();
      });
      server.once("tlsClientError", reject);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as { port: number };
    const client: TLSSocket = connect({ ...tls, host: "127.0.0.1", port, servername: NAME });
    expect(await greeted).toBe(NAME);
    client.destroy();
    server.close();
  });
});

describe("the request for a certificate", () => {
  test("is over a key of its own each time, and is taken by an authority", async () => {
    const authority = await testAuthority();
    const life = { notBeforeNs: START_NS, notAfterNs: START_NS + DAY_NS };
    const first = await createCertificateRequest();
    const second = await createCertificateRequest();
    expect(first.keyPem).not.toBe(second.keyPem);
    const certificatePem = await authority.issueOverRequest({
      name: NAME,
      csrDer: first.csrDer,
      ...life,
    });
    expect(parseCertificatePair({ certificatePem, keyPem: first.keyPem }).ok).toBe(true);
    expect(parseCertificatePair({ certificatePem, keyPem: second.keyPem }).ok).toBe(false);
  });

  test("over a key that was kept is for the same key", async () => {
    const authority = await testAuthority();
    const { keyPem } = await createCertificateRequest();
    const csrDer = await requestOverKey(keyPem);
    const life = { notBeforeNs: START_NS, notAfterNs: START_NS + DAY_NS };
    const certificatePem = await authority.issueOverRequest({ name: NAME, csrDer, ...life });
    expect(parseCertificatePair({ certificatePem, keyPem }).ok).toBe(true);
  });
});

describe("a certificate is renewed in the last third of its life", () => {
  test.each([
    {
      name: "an hour old, a year to go",
      ageNs: HOUR_NS,
      remainingNs: YEAR_NS,
      due: false,
      expired: false,
    },
    {
      name: "two hours old, ten minutes to go",
      ageNs: 2n * HOUR_NS,
      remainingNs: 10n * MINUTE_NS,
      due: true,
      expired: false,
    },
    {
      name: "three hours old, half an hour to go",
      ageNs: 3n * HOUR_NS,
      remainingNs: 30n * MINUTE_NS,
      due: true,
      expired: false,
    },
    { name: "ended", ageNs: 2n * HOUR_NS, remainingNs: -HOUR_NS, due: true, expired: true },
    {
      name: "at two thirds to the second",
      ageNs: 2n * HOUR_NS,
      remainingNs: HOUR_NS,
      due: false,
      expired: false,
    },
    {
      name: "five minutes in the future, by a slow clock",
      ageNs: -5n * MINUTE_NS,
      remainingNs: DAY_NS,
      due: false,
      expired: false,
    },
    {
      name: "two hours in the future, by a clock that is far off",
      ageNs: -2n * HOUR_NS,
      remainingNs: DAY_NS,
      due: false,
      expired: false,
    },
  ])("$name", async ({ ageNs, remainingNs, due, expired }) => {
    const check = checkCertificate(await pairOf({ ageNs, remainingNs }), START_NS);
    expect(check).toMatchObject({ renewalDue: due, expired });
    expect(check.nextCheckMs).toBeGreaterThan(0);
    expect(check.nextCheckMs).toBeLessThanOrEqual(24 * 3_600_000);
  });

  test("the next look is when it becomes due, and several fit into what is left then", async () => {
    const pair = await pairOf({ ageNs: 0n, remainingNs: 30n * MINUTE_NS });
    expect(checkCertificate(pair, START_NS).nextCheckMs).toBe(20 * MINUTE_MS + 1_000);
    expect(checkCertificate(pair, START_NS + 21n * MINUTE_NS).nextCheckMs).toBe(2.5 * MINUTE_MS);
  });

  test("a step of the clock over an hour, in either direction, changes what is due, and the next look is bounded", async () => {
    const pair = await pairOf({ ageNs: 0n, remainingNs: 3n * HOUR_NS });
    expect(checkCertificate(pair, START_NS + 2n * HOUR_NS + 1n).renewalDue).toBe(true);
    const before = checkCertificate(pair, START_NS - 400n * DAY_NS);
    expect(before).toMatchObject({ renewalDue: false, expired: false });
    expect(before.nextCheckMs).toBe(24 * 3_600_000);
  });
});

const STATE = { ...EMPTY_STATE, apiKey: "key", tlsName: NAME, v4: family("v4", "active") };

async function filesWithPair(life: { ageNs: bigint; remainingNs: bigint }) {
  const files = createMemoryFileSystem();
  const pair = await pairOf(life);
  files.put(`${DIRECTORY}/state.json`, encodeStateFile(STATE));
  files.put(`${DIRECTORY}/cert.pem`, pair.certificatePem);
  files.put(`${DIRECTORY}/key.pem`, pair.keyPem);
  return { files, pair };
}

function activePlane() {
  const plane = createFakePlane();
  plane.config = () => configAnswer({ v4: family("v4", "active") });
  return plane;
}

describe("a running agent", () => {
  test("takes over the pair of an NTP Pool agent as it lies there", async () => {
    const { files, pair } = await filesWithPair({ ageNs: HOUR_NS, remainingNs: 90n * DAY_NS });
    await using simulated = await simulateIdentity({ files, plane: activePlane() });
    expect(simulated.identity.current.pair).toEqual(pair);
    expect(files.text(`${DIRECTORY}/identity.pem`)).toBe(encodeCombinedPair(pair));
  });

  test("has none, gets one over a key of its own, and uses it at once", async () => {
    const authority = await testAuthority();
    const plane = activePlane();
    plane.issue = async (csrDer) => ({
      certificatePem: await authority.issueOverRequest({
        name: NAME,
        csrDer,
        notBeforeNs: START_NS,
        notAfterNs: START_NS + DAY_NS,
      }),
      rootPem: authority.rootPem,
    });
    const files = createMemoryFileSystem();
    files.put(`${DIRECTORY}/state.json`, encodeStateFile(STATE));
    await using simulated = await simulateIdentity({ files, plane });
    const { identity } = simulated;
    const told: (string | undefined)[] = [];
    identity.subscribe(() => told.push(identity.current.pair?.fingerprint));
    await identity.reload();
    expect(identity.current.pair?.dnsNames).toEqual([NAME]);
    expect(identity.current.rootPem).toBe(authority.rootPem);
    expect(told.at(-1)).toBe(identity.current.pair?.fingerprint);
    expect(files.text(`${DIRECTORY}/key.pem`)).toBe(identity.current.pair?.keyPem);
    expect(files.text(`${DIRECTORY}/cert.pem`)).toBe(identity.current.pair?.certificatePem);
    expect(files.text(`${DIRECTORY}/root.pem`)).toBe(authority.rootPem);
    expect(plane.asked).toMatchObject({ certificate: 1, config: 1 });
  });

  test("gets one with a key made by a control plane without that service, in the same look", async () => {
    const authority = await testAuthority();
    const made = await authority.issueAgent({
      name: NAME,
      notBeforeNs: START_NS,
      notAfterNs: START_NS + DAY_NS,
    });
    const plane = createFakePlane();
    const asked: boolean[] = [];
    plane.config = (_key, requestCertificate) => {
      asked.push(requestCertificate);
      return configAnswer({
        v4: family("v4", "active"),
        tls: requestCertificate ? made : undefined,
      });
    };
    const files = createMemoryFileSystem();
    files.put(`${DIRECTORY}/state.json`, encodeStateFile(STATE));
    await using simulated = await simulateIdentity({ files, plane });
    await simulated.identity.reload();
    expect(simulated.identity.current.pair?.certificatePem).toBe(made.certificatePem);
    await simulated.identity.reload();
    expect(asked).toEqual([false, true, false]);
  });

  test("asks for none before its monitor works", async () => {
    const plane = createFakePlane();
    const files = createMemoryFileSystem();
    files.put(
      `${DIRECTORY}/state.json`,
      encodeStateFile({ ...STATE, v4: family("v4", "pending") }),
    );
    await using simulated = await simulateIdentity({ files, plane });
    await simulated.identity.reload();
    expect(plane.asked.certificate).toBe(0);
  });

  test("renews over and over for ten days of virtual time, and never is without a valid one", async () => {
    const authority = await testAuthority();
    const plane = activePlane();
    const { files } = await filesWithPair({ ageNs: 0n, remainingNs: 10n * HOUR_NS });
    await using simulated = await simulateIdentity({ files, plane });
    const { identity, clock } = simulated;
    plane.issue = async (csrDer) => ({
      certificatePem: await authority.issueOverRequest({
        name: NAME,
        csrDer,
        notBeforeNs: clock.nowNs(),
        notAfterNs: clock.nowNs() + 10n * HOUR_NS,
      }),
      rootPem: "",
    });
    identity.start();
    let renewals = 0;
    identity.subscribe(() => {
      renewals += 1;
    });
    for (let minute = 0; minute < 10 * 24 * 60; minute += 5) {
      await clock.advance(5 * MINUTE_MS);
      const { pair } = identity.current;
      if (pair !== undefined && checkCertificate(pair, clock.nowNs()).renewalDue) {
        const { fingerprint } = pair;
        await until(() => identity.current.pair?.fingerprint !== fingerprint);
      }
      expect(
        identity.current.pair && checkCertificate(identity.current.pair, clock.nowNs()).expired,
      ).toBe(false);
    }
    // A life of ten hours is renewed after six and two thirds.
    expect(renewals).toBeGreaterThanOrEqual(30);
    expect(renewals).toBeLessThanOrEqual(40);
    expect(identity.listening).toBe(1);
    expect(clock.timersPending()).toBe(1);
  });

  test.each([
    { name: "another key", answer: async () => ({ tls: await mixedPair() }) },
    { name: "no key", answer: async () => ({ tls: { ...(await mixedPair()), keyPem: "" } }) },
    {
      name: "no certificate in it",
      answer: async () => ({ tls: { certificatePem: "x", keyPem: "y" } }),
    },
  ])("keeps its pair when the control plane sends one with $name", async ({ answer }) => {
    const { files, pair } = await filesWithPair({
      ageNs: 2n * HOUR_NS,
      remainingNs: 10n * MINUTE_NS,
    });
    const plane = createFakePlane();
    const sent = await answer();
    plane.config = (_key, requestCertificate) =>
      configAnswer({ v4: family("v4", "active"), ...(requestCertificate ? sent : {}) });
    await using simulated = await simulateIdentity({ files, plane });
    const { failure } = await simulated.identity.reload();
    expect(failure).toMatchObject({ code: "bad_answer" });
    expect(simulated.identity.current.pair).toEqual(pair);
    expect(files.text(`${DIRECTORY}/key.pem`)).toBe(pair.keyPem);
    expect(simulated.identity.current.v4.status).toBe("active");
  });

  test("keeps its pair when a renewal fails, and renews when the control plane is back", async () => {
    const authority = await testAuthority();
    const { files, pair } = await filesWithPair({ ageNs: 20n * HOUR_NS, remainingNs: HOUR_NS });
    const plane = activePlane();
    plane.issue = unreachable;
    await using simulated = await simulateIdentity({ files, plane });
    const { identity } = simulated;
    await identity.reload();
    expect(identity.current.pair).toEqual(pair);
    plane.issue = async (csrDer) => ({
      certificatePem: await authority.issueOverRequest({
        name: NAME,
        csrDer,
        notBeforeNs: START_NS,
        notAfterNs: START_NS + DAY_NS,
      }),
      rootPem: "",
    });
    await identity.reload();
    expect(identity.current.pair?.fingerprint).not.toBe(pair.fingerprint);
  });

  test("uses a renewed pair although the disk is full, and stores it when there is room", async () => {
    const authority = await testAuthority();
    const { files, pair } = await filesWithPair({ ageNs: 20n * HOUR_NS, remainingNs: HOUR_NS });
    const plane = activePlane();
    await using simulated = await simulateIdentity({ files, plane });
    const { identity } = simulated;
    plane.issue = async (csrDer) => ({
      certificatePem: await authority.issueOverRequest({
        name: NAME,
        csrDer,
        notBeforeNs: START_NS,
        notAfterNs: START_NS + DAY_NS,
      }),
      rootPem: "",
    });
    files.refuseWrites("ENOSPC");
    const { failure } = await identity.reload();
    expect(failure).toMatchObject({ code: "disk_full" });
    const renewed = identity.current.pair;
    expect(renewed?.fingerprint).not.toBe(pair.fingerprint);
    expect(files.text(`${DIRECTORY}/key.pem`)).toBe(pair.keyPem);
    files.refuseWrites(undefined);
    await identity.reload();
    expect(files.text(`${DIRECTORY}/key.pem`)).toBe(renewed?.keyPem);
    expect(files.text(`${DIRECTORY}/cert.pem`)).toBe(renewed?.certificatePem);
  });

  test("asks for another when its name was changed, and not again when that lacks the name too", async () => {
    const { files } = await filesWithPair({ ageNs: HOUR_NS, remainingNs: 90n * DAY_NS });
    const authority = await testAuthority();
    const plane = createFakePlane();
    plane.config = () =>
      configAnswer({
        tlsName: "bern-1234567.devel.mon.truechimer.internal",
        v4: family("v4", "active"),
      });
    plane.issue = async (csrDer) => ({
      certificatePem: await authority.issueOverRequest({
        name: NAME,
        csrDer,
        notBeforeNs: START_NS,
        notAfterNs: START_NS + DAY_NS,
      }),
      rootPem: "",
    });
    await using simulated = await simulateIdentity({ files, plane });
    for (let round = 0; round < 3; round += 1) await simulated.identity.reload();
    expect(plane.asked.certificate).toBe(1);
  });

  test("takes up a pair that another program replaced, and tells as of a first one", async () => {
    const { files, pair } = await filesWithPair({ ageNs: HOUR_NS, remainingNs: 90n * DAY_NS });
    const newer = await pairOf({ ageNs: MINUTE_NS, remainingNs: 90n * DAY_NS });
    await using simulated = await simulateIdentity({ files, plane: activePlane() });
    const { identity, clock, watch } = simulated;
    identity.start();
    await settled();
    const told: (string | undefined)[] = [];
    identity.subscribe(() => told.push(identity.current.pair?.fingerprint));
    files.put(`${DIRECTORY}/cert.pem`, newer.certificatePem);
    watch.event("cert.pem");
    await clock.advance(600);
    await settled();
    expect(identity.current.pair).toEqual(pair);
    files.put(`${DIRECTORY}/cert.pem`, newer.certificatePem);
    files.put(`${DIRECTORY}/key.pem`, newer.keyPem);
    watch.event("key.pem");
    await clock.advance(600);
    await settled();
    expect(identity.current.pair).toEqual(newer);
    expect(told).toEqual([newer.fingerprint]);
    expect(files.text(`${DIRECTORY}/identity.pem`)).toBe(encodeCombinedPair(newer));
  });
});

async function mixedPair() {
  const one = await pairOf({ ageNs: 0n, remainingNs: DAY_NS });
  const other = await pairOf({ ageNs: 0n, remainingNs: DAY_NS });
  return { certificatePem: one.certificatePem, keyPem: other.keyPem };
}
