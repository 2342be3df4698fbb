// One HTTPS request to an ACME authority. Its certificate is checked against the roots that were named for it; redirects
// are not followed, and an answer has a limit.

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { AppError } from "@truechimer/base";

/** An answer has a certificate chain at most; this is ten times a long one. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** Authorities answer a request within seconds; one that takes longer is away. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface AcmeRequest {
  readonly url: string;
  readonly method: "GET" | "HEAD" | "POST";
  /** PEM. Absent: the system's roots. */
  readonly authoritiesPem: string | undefined;
  /** JSON of a signed request. */
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface AcmeAnswer {
  readonly status: number;
  readonly text: string;
  /** One of the answer's headers by its lower-case name. */
  header(name: string): string | undefined;
}

/** Fails with peer_unreachable, peer_untrusted or bad_answer. */
export async function askAcme(asked: AcmeRequest): Promise<AcmeAnswer> {
  const { url, method, authoritiesPem, body, signal } = asked;
  if (!URL.canParse(url) || new URL(url).protocol !== "https:") {
    throw new AppError(
      "bad_answer",
      `the ACME authority named "${url.slice(0, 200)}": expected an https address`,
    );
  }
  const request = httpsRequest(url, {
    method,
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    ...(authoritiesPem === undefined ? {} : { ca: authoritiesPem }),
    headers: {
      "user-agent": "truechimer",
      "accept-language": "en",
      ...(body === undefined
        ? {}
        : { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }),
    },
  });
  request.end(body);
  try {
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    const text = await textOf(answer, url);
    const header = (name: string): string | undefined => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    };
    return { status: answer.statusCode ?? 0, text, header };
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof AppError ? error : unreachable(url, error);
  }
}

async function textOf(answer: IncomingMessage, url: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new AppError("bad_answer", `${url} answered with more than ${ANSWER_BYTES_MAX} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** OpenSSL's and Node's codes of a certificate that is refused. */
const UNTRUSTED = /CERT|ISSUER|SIGNATURE/;

function unreachable(url: string, cause: unknown): AppError {
  const { host } = new URL(url);
  const { code: given = "" } = cause as NodeJS.ErrnoException;
  const code = given === "ABORT_ERR" ? `nothing in ${REQUEST_TIMEOUT_MS / 1_000} s` : given;
  if (code === "CERT_NOT_YET_VALID" || code === "CERT_HAS_EXPIRED") {
    const said = `the certificate of the ACME authority ${host} has ended or is not valid yet: see that the clock of this host is right`;
    return new AppError("peer_untrusted", said, { cause });
  }
  if (UNTRUSTED.test(code)) {
    const said = `the certificate of the ACME authority ${host} is refused (${code}): a private one needs acme.ca_file with its root, and the name that stands in its certificate`;
    return new AppError("peer_untrusted", said, { cause });
  }
  return new AppError(
    "peer_unreachable",
    `the ACME authority ${host} does not answer (${code}): check acme.directory_url, and that this host may reach it`,
    { cause },
  );
}
