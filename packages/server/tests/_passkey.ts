// A device with passkeys, in software: it makes keys and signs with them, and writes its answers as browsers do.
// Web Authentication, Level 3, sections 6.1 (authenticator data), 6.5 (attestation) and 5.8.1 (client data).

import {
  createHash,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

const UP = 0x01;
const UV = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const ATTESTED = 0x40;

/** What differs from an honest device and page. */
export interface Ways {
  /** Of the page that asks. Default: where the device was made for. */
  readonly origin?: string;
  /** Whether the device knows its holder. Default: yes. */
  readonly verified?: boolean;
  /** Default: one more than before; 0: it does not count. */
  readonly count?: number;
  readonly crossOrigin?: boolean;
  /** Whom the device says it signs for. Default: who it was made for. */
  readonly userHandle?: string | null;
  readonly synced?: boolean;
}

export interface TestPasskey {
  /** The answer to PublicKeyCredentialRequestOptionsJSON, as JSON. */
  readonly sign: (optionsJson: string, ways?: Ways) => string;
}

/** Answers PublicKeyCredentialCreationOptionsJSON, at the page of this origin. */
export function makePasskey(
  optionsJson: string,
  origin: string,
  ways: Ways = {},
): { readonly json: string; readonly passkey: TestPasskey } {
  const options = JSON.parse(optionsJson) as {
    readonly challenge: string;
    readonly rp: { readonly id: string };
    readonly user: { readonly id: string };
  };
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(24);
  let count = ways.count ?? 1;
  const authenticatorData = Buffer.concat([
    head(options.rp.id, flagsOf(ways) | ATTESTED, count),
    // The model of a device that tells none.
    Buffer.alloc(16),
    Buffer.from([id.length >> 8, id.length & 0xff]),
    id,
    coseKey(publicKey),
  ]);
  const attestationObject = Buffer.concat([
    Buffer.from([0xa3]),
    text("fmt"),
    text("none"),
    text("attStmt"),
    Buffer.from([0xa0]),
    text("authData"),
    bytes(authenticatorData),
  ]);
  const json = answer(id, {
    clientDataJSON: clientData("webauthn.create", options.challenge, origin, ways),
    attestationObject: base64Url(attestationObject),
    transports: ["internal"],
  });
  const sign = (toSign: string, how: Ways = {}): string => {
    const { challenge, rpId } = JSON.parse(toSign) as {
      readonly challenge: string;
      readonly rpId: string;
    };
    count = how.count ?? count + 1;
    const data = head(rpId, flagsOf(how), count);
    const clientDataJSON = clientData("webauthn.get", challenge, how.origin ?? origin, how);
    return answer(id, {
      clientDataJSON,
      authenticatorData: base64Url(data),
      signature: base64Url(signature(privateKey, data, clientDataJSON)),
      userHandle: how.userHandle === undefined ? options.user.id : how.userHandle,
    });
  };
  return { json, passkey: { sign } };
}

function answer(id: Buffer, response: object): string {
  return JSON.stringify({
    id: base64Url(id),
    rawId: base64Url(id),
    type: "public-key",
    response,
    clientExtensionResults: {},
    authenticatorAttachment: "platform",
  });
}

function clientData(
  type: string,
  challenge: string,
  origin: string,
  { origin: other, crossOrigin = false }: Ways,
): string {
  const data = { type, challenge, origin: other ?? origin, crossOrigin };
  return base64Url(Buffer.from(JSON.stringify(data)));
}

function flagsOf({ verified = true, synced = false }: Ways): number {
  return UP | (verified ? UV : 0) | (synced ? BACKUP_ELIGIBLE | BACKED_UP : 0);
}

function head(rpId: string, flags: number, count: number): Buffer {
  const counted = Buffer.alloc(4);
  counted.writeUInt32BE(count);
  return Buffer.concat([createHash("sha256").update(rpId).digest(), Buffer.from([flags]), counted]);
}

function signature(key: KeyObject, authenticatorData: Buffer, clientDataJSON: string): Buffer {
  const hash = createHash("sha256").update(Buffer.from(clientDataJSON, "base64url")).digest();
  return createSign("sha256").update(authenticatorData).update(hash).sign(key);
}

/** RFC 9053, section 7.1.1: an EC2 key of P-256 for ES256. */
function coseKey(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    bytes(Buffer.from(x, "base64url")),
    Buffer.from([0x22]),
    bytes(Buffer.from(y, "base64url")),
  ]);
}

/** RFC 8949, section 3.1: a byte string of up to 65,535 bytes. */
function bytes(value: Buffer): Buffer {
  const { length } = value;
  const start = length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(start), value]);
}

/** A text string of up to 23 bytes. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)]);
}

function base64Url(value: Buffer): string {
  return value.toString("base64url");
}
