// One POST to an address that somebody typed in. The address that is connected to is the one that was checked: the name is
// resolved once, here, so that it cannot mean another one a moment later. Redirects are not followed.

import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { AppError, addressScope, type IpAddress, parseIpAddress } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { SendRefused } from "./message-to-send.ts";

export interface JsonPost {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether private, loopback and link-local addresses may be connected to. */
  readonly privateAllowed: boolean;
  readonly signal: AbortSignal;
}

const REDIRECT_MIN = 300;
const REDIRECT_MAX = 399;
const GONE = 410;

/** Fails with SendRefused when another attempt cannot help, and with a coded error when it may. */
export async function postJson(
  context: Pick<ServerContext, "resolveName">,
  post: JsonPost,
): Promise<void> {
  const address = await checkedAddress(context, post);
  const status = await answerStatus(post, address);
  if (status >= 200 && status < REDIRECT_MIN) return;
  if (status >= REDIRECT_MIN && status <= REDIRECT_MAX) {
    throw new SendRefused(`${post.url.host} answered ${status}: redirects are not followed`);
  }
  if (status === GONE) throw new SendRefused(`${post.url.host} answered 410: it is gone for good`);
  throw new AppError("bad_answer", `${post.url.host} answered ${status}`);
}

async function checkedAddress(
  { resolveName }: Pick<ServerContext, "resolveName">,
  { url, privateAllowed, signal }: JsonPost,
): Promise<IpAddress> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const literal = parseIpAddress(host);
  const addresses = literal.ok ? [literal.value] : await resolveName(host, signal);
  const [first] = addresses;
  if (first === undefined) throw new AppError("name_unresolved", `${host} has no address`);
  const good = addresses.find((address) => isAllowed(address, privateAllowed));
  if (good !== undefined) return good;
  throw new SendRefused(`${host} is ${first.text}, ${refusedScope(first)}`);
}

/** An address that stands in a URL itself and is never connected to: what it is, and the remedy. Absent: it may be. */
export function refusedLiteral(
  { hostname }: URL,
  { privateAllowed }: { readonly privateAllowed: boolean },
): string | undefined {
  const literal = parseIpAddress(hostname.replace(/^\[(.*)\]$/, "$1"));
  if (!literal.ok || isAllowed(literal.value, privateAllowed)) return undefined;
  return `${literal.value.text} is ${refusedScope(literal.value)}`;
}

function refusedScope(address: IpAddress): string {
  const scope = addressScope(address);
  const remedy = NEVER.has(scope)
    ? "nothing can be sent there"
    : "allow private addresses in the channel (privateAllowed, --private) if that is meant";
  return `${/^[aeiou]/.test(scope) ? "an" : "a"} ${scope.replace("_", "-")} address: ${remedy}`;
}

const NEVER: ReadonlySet<string> = new Set(["multicast", "unspecified"]);

function isAllowed(address: IpAddress, privateAllowed: boolean): boolean {
  const scope = addressScope(address);
  return scope === "public" || (privateAllowed && !NEVER.has(scope));
}

function answerStatus(
  { url, body, headers, signal }: JsonPost,
  address: IpAddress,
): Promise<number> {
  const lookup: LookupFunction = (_name, options, done) => {
    const family = address.family === "v4" ? 4 : 6;
    if (options.all === true) done(null, [{ address: address.text, family }]);
    else done(null, address.text, family);
  };
  const options: RequestOptions = {
    method: "POST",
    agent: false,
    lookup,
    signal,
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "truechimer",
      ...headers,
    },
  };
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, options, (response) => {
      // What it says beside its status is of no use, however long it is.
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.once("error", (error) =>
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : new AppError("peer_unreachable", `${url.host}: ${error.message}`, { cause: error }),
      ),
    );
    request.end(body);
  });
}
