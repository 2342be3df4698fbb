// What an enrolment says, checked field by field before anything is spent or written.

import type { agentV1 } from "@truechimer/api";
import { AppError, addressScope, type IpAddress, isUlid, parseIpAddress } from "@truechimer/base";
import { parseCertificateRequest, verifyCertificateRequest } from "@truechimer/pki";
import { ENROLMENT_LIMITS } from "../enrolment/enrolment-limits.ts";
import { parseEnrolmentToken } from "../enrolment/enrolment-token.ts";
import { personWords } from "../enrolment/person-words.ts";

export interface Enrolment {
  /** The token's text up to its dot. */
  readonly secret: string;
  readonly hostname: string;
  /** One or two, of different families. */
  readonly addresses: readonly IpAddress[];
  readonly enrolmentId: string;
}

export async function parseEnrolment(request: agentV1.EnrollRequest): Promise<Enrolment> {
  const token = parseEnrolmentToken(request.token);
  if (token === undefined) {
    throw new AppError(
      "unauthenticated",
      "token: expected tce_, 43 characters, a dot and 32 hexadecimal digits, all of it as it was shown",
    );
  }
  if (!isUlid(request.enrolmentId)) {
    throw new AppError("bad_request", "enrolment_id: expected a ULID, the same for each attempt");
  }
  await checkCsr(request.csrDer);
  return {
    secret: token.secret,
    hostname: personWords("hostname", request.hostname, ENROLMENT_LIMITS.hostnameCharactersMax),
    addresses: parseAddresses(request.addresses),
    enrolmentId: request.enrolmentId,
  };
}

const ADDRESSES_MAX = 2;

function parseAddresses(texts: readonly string[]): readonly IpAddress[] {
  if (texts.length === 0 || texts.length > ADDRESSES_MAX) {
    throw new AppError(
      "bad_address",
      `addresses: ${texts.length} were sent: expected one for each IP family that the agent probes in`,
    );
  }
  const addresses = texts.map(parseOwnAddress);
  const [first, second] = addresses;
  if (first?.family === second?.family) {
    throw new AppError(
      "bad_address",
      `addresses: ${first?.text} and ${second?.text} are of one family: expected one for each`,
    );
  }
  return addresses;
}

function parseOwnAddress(text: string): IpAddress {
  const parsed = parseIpAddress(text.slice(0, 100));
  if (!parsed.ok) throw new AppError("bad_address", `addresses: ${parsed.error}`);
  const scope = addressScope(parsed.value);
  if (scope === "multicast" || scope === "unspecified") {
    throw new AppError(
      "bad_address",
      `addresses: ${parsed.value.text} is ${scope}: expected an address of the agent's own`,
    );
  }
  return parsed.value;
}

/** The name is ours to give, so the request has none. */
async function checkCsr(csrDer: Uint8Array): Promise<void> {
  const refuse = (problem: string): AppError => new AppError("bad_request", `csr_der: ${problem}`);
  const read = parseCertificateRequest(csrDer);
  if (!read.ok) throw refuse(read.error);
  const { commonName, dnsNames } = read.value.facts;
  if (commonName !== undefined || dnsNames.length > 0) {
    throw refuse("the request asks for a name: expected none, the answer brings it");
  }
  const verified = await verifyCertificateRequest(read.value);
  if (!verified.ok) throw refuse(verified.error);
}
