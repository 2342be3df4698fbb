// A certificate authority that lives as long as one test: a root, and a certificate for a broker on loopback. Written
// byte by byte (X.690, RFC 5280, section 4.1), so that what is tested here does not rest on the code of our own authority.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface TestCertificates {
  readonly rootPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const DAY_MS = 86_400_000;

/** DER, by tag and content. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const hex = (digits: string): Buffer => Buffer.from(digits, "hex");
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]));
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const TRUE = der(0x01, Buffer.from([0xff]));

const COMMON_NAME = hex("0603550403");
const ECDSA_WITH_SHA256 = sequence(hex("06082a8648ce3d040302"));
const BASIC_CONSTRAINTS = hex("0603551d13");
const KEY_USAGE = hex("0603551d0f");
const EXTENDED_KEY_USAGE = hex("0603551d25");
const SUBJECT_ALT_NAME = hex("0603551d11");
const SERVER_AUTH = hex("06082b06010505070301");
const KEY_CERT_SIGN = hex("03020204");

const ROOT_NAME = "test root of a broker";

export function createTestCertificates(): TestCertificates {
  const root = newKeys();
  const broker = newKeys();
  const rootPem = certificate({
    serial: 1,
    subject: ROOT_NAME,
    publicKey: root.publicKey,
    signingKey: root.privateKey,
    extensions: [
      sequence(BASIC_CONSTRAINTS, TRUE, octets(sequence(TRUE))),
      sequence(KEY_USAGE, TRUE, octets(KEY_CERT_SIGN)),
    ],
  });
  const names = sequence(
    der(0x82, Buffer.from("localhost")),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const certificatePem = certificate({
    serial: 2,
    subject: "localhost",
    publicKey: broker.publicKey,
    signingKey: root.privateKey,
    extensions: [
      sequence(SUBJECT_ALT_NAME, octets(names)),
      sequence(EXTENDED_KEY_USAGE, octets(sequence(SERVER_AUTH))),
    ],
  });
  const keyPem = broker.privateKey.export({ type: "pkcs8", format: "pem" });
  return { rootPem, certificatePem, keyPem };
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

interface CertificateParts {
  readonly serial: number;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
}

/** Version 3, PEM. */
function certificate({
  serial,
  subject,
  publicKey,
  signingKey,
  extensions,
}: CertificateParts): string {
  const now = Date.now();
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    ECDSA_WITH_SHA256,
    distinguishedName(ROOT_NAME),
    sequence(utcTime(now - DAY_MS), utcTime(now + DAY_MS)),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, signingKey);
  const bytes = sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(commonName)))));
}

/** "YYMMDDHHMMSSZ". RFC 5280, section 4.1.2.5.1. */
function utcTime(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}
