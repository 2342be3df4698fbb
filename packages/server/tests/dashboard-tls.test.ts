// The dashboard by TLS: with a certificate of our own authority, or of files that somebody else replaces.

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { AppError, systemClock } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { silentLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { createVirtualClock } from "@truechimer/testing-sim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dashboardCertificates } from "../src/alerts/dashboard-certificates.ts";
import { createFileCertificate } from "../src/http/file-certificate.ts";
import type { ListenerKeyPair } from "../src/http/listener-certificate.ts";
import { createPresentedCertificate, type Presented } from "../src/http/presented-certificate.ts";
import { writeCertificate } from "../src/http/tell-certificate.ts";
import { authorityOn, MASTER_KEY } from "./_master-key.ts";
import { startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const ca = authorityOn(database);
const rootPem = await ca.rootPem();

let directory: string;
let certificateFile: string;
let keyFile: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "dashboard-tls-"));
  certificateFile = join(directory, "fullchain.pem");
  keyFile = join(directory, "privkey.pem");
  await writePair();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** As certbot does: whole files take the place of the old ones. Gives the new serial number. */
async function writePair(): Promise<string> {
  const pair = await ca.issueServerCertificate({
    dnsNames: ["clocks.example.net"],
    ipAddresses: ["127.0.0.1"],
  });
  await writeFile(`${certificateFile}.new`, pair.certificatePem);
  await writeFile(`${keyFile}.new`, pair.keyPem, { mode: 0o600 });
  await rename(`${keyFile}.new`, keyFile);
  await rename(`${certificateFile}.new`, certificateFile);
  return pair.serial;
}

async function get(
  url: string,
): Promise<{ status: number; text: string; headers: IncomingMessage["headers"] }> {
  const request = httpsRequest(url, {
    ca: rootPem,
    agent: false,
  });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text, headers: response.headers };
}

async function serialAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca: rootPem });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerX509Certificate() ?? new X509Certificate("");
  socket.destroy();
  return serialNumber.toLowerCase();
}

describe("with a certificate of our own authority", () => {
  test("everything is answered by TLS, and what opens a session is for TLS alone", async () => {
    const { server } = await useServer(database, { masterKey: MASTER_KEY, tls: { kind: "own" } });
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(server.localUrl).toBe(server.url);
    expect(await get(`${server.url}/healthz/live`)).toMatchObject({ status: 200 });
    const login = await server.createLoginUrl();
    expect(login.url.startsWith(`${server.url}/`)).toBe(true);
    const opened = await get(login.url);
    expect(String(opened.headers["set-cookie"])).toContain("; Secure");
  });

  test("this host's own programs have a plain listener of loopback beside it, when they need one", async () => {
    const { server } = await useServer(database, {
      masterKey: MASTER_KEY,
      tls: { kind: "own" },
      listensLocally: true,
    });
    expect(server.localUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${server.localUrl}/healthz/live`);
    expect(response.status).toBe(200);
    await response.text();
    expect(await get(`${server.url}/healthz/live`)).toMatchObject({ status: 200 });
  });

  test("without a master key it does not start, and says what it needs", async () => {
    await expect(startServer(database, { tls: { kind: "own" } })).rejects.toMatchObject({
      code: "master_key_missing",
      message: expect.stringContaining('listen.tls = "files"'),
    });
  });
});

describe("with a certificate of files", () => {
  test("a new pair is taken within seconds, a bad one is not", async () => {
    const clock = createVirtualClock({ startNs: systemClock.nowNs() });
    const told: string[] = [];
    const logger = {
      ...silentLogger,
      error: (_fields: unknown, text: string) => told.push(text),
    } as unknown as Logger;
    const replaced: ListenerKeyPair[] = [];
    using certificate = await createFileCertificate({ certificateFile, keyFile, clock, logger });
    const failures: unknown[] = [];
    certificate.keepFresh(
      (pair) => replaced.push(pair),
      (failure) => failures.push(failure),
    );
    await clock.advance(20_000);
    expect(replaced).toEqual([]);
    const serial = await writePair();
    await settled(async () => (await clock.advance(5_000), replaced.length === 1));
    expect(new X509Certificate(String(replaced[0]?.cert)).serialNumber.toLowerCase()).toContain(
      serial,
    );
    await writeFile(certificateFile, "half a certifi");
    await settled(async () => (await clock.advance(5_000), told.length > 0));
    expect(told[0]).toContain("the one before stays");
    expect(failures.at(-1)).toMatchObject({ code: "config_bad_value" });
    expect(replaced).toHaveLength(1);
    await writePair();
    await settled(async () => (await clock.advance(5_000), replaced.length === 2));
    expect(failures.at(-1)).toBeUndefined();
  });

  test("what is presented, and that its files are bad, stands in the database for the rules; the earliest end counts", async () => {
    const presented = createPresentedCertificate();
    const pair = await ca.issueServerCertificate({ dnsNames: ["a.example"], ipAddresses: [] });
    presented.note("files", { cert: pair.certificatePem, key: pair.keyPem });
    const world = { database, presented, replicaId: "one" };
    await writeCertificate(world);
    const [row] = (await dashboardCertificates(database)).filter(
      ({ name }) => name === "a.example",
    );
    expect(row).toMatchObject({ source: "files", error: "", notAfterNs: pair.notAfterNs });
    presented.noteFailure(new AppError("config_bad_value", "the key is another certificate's"));
    await writeCertificate(world);
    const found = async (): Promise<readonly unknown[]> =>
      (await dashboardCertificates(database)).filter(({ id }) => id === row?.id);
    expect(await found()).toMatchObject([
      { error: "config_bad_value: the key is another certificate's", notAfterNs: pair.notAfterNs },
    ]);
    // Another process has a longer one already: the one that ends first is told of, until it is replaced.
    const longer = createPresentedCertificate();
    longer.note("files", { cert: pair.certificatePem, key: pair.keyPem });
    const later = pair.notAfterNs + 86_400_000_000_000n;
    const current = (): Presented | undefined => {
      const facts = longer.current();
      return facts && { ...facts, notAfterNs: later };
    };
    await writeCertificate({ database, presented: { ...longer, current }, replicaId: "two" });
    expect(await found()).toMatchObject([{ notAfterNs: pair.notAfterNs }]);
    await writeCertificate({ database, presented: { ...longer, current }, replicaId: "one" });
    expect(await found()).toMatchObject([{ notAfterNs: later, error: "" }]);
  });

  test("the server presents it", async () => {
    const serial = await writePair();
    const { server } = await useServer(database, {
      tls: { kind: "files", certificateFile, keyFile },
    });
    expect(await serialAt(server.url)).toContain(serial);
  });

  test.each([
    {
      name: "that is not there",
      files: () => ({ certificateFile: join(directory, "none"), keyFile }),
      code: "config_unreadable",
      says: "none cannot be read",
    },
    {
      name: "that is none",
      files: () => ({ certificateFile: keyFile, keyFile }),
      code: "config_bad_value",
      says: "the first is no certificate",
    },
    {
      name: "with a certificate for a key",
      files: () => ({ certificateFile, keyFile: certificateFile }),
      code: "config_bad_value",
      says: "mode 0644",
    },
  ])("a pair $name is refused at the start", async ({ files, code, says }) => {
    await writePair();
    await chmod(certificateFile, 0o644);
    await expect(
      startServer(database, { tls: { kind: "files", ...files() } }),
    ).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });

  test("a key of another certificate is refused", async () => {
    const other = join(directory, "other.pem");
    await writePair();
    await rename(keyFile, other);
    await writePair();
    await expect(
      startServer(database, { tls: { kind: "files", certificateFile, keyFile: other } }),
    ).rejects.toMatchObject({
      message: expect.stringContaining("the key is another certificate's"),
    });
  });
});

/** File systems answer in real time, whatever the clock. */
async function settled(is: () => Promise<boolean>): Promise<void> {
  await expect.poll(is, { interval: 20, timeout: 10_000 }).toBe(true);
}
