// Whom a request is counted for before anything is known of the caller: the address that it came from, as far as proxies
// are trusted to tell. An IPv6 host has a whole /64 to ask from.

import type { IpAddress } from "@truechimer/base";
import type { FastifyRequest } from "fastify";
import { createCallerAddress } from "../enrolment/caller-address.ts";

export interface RequestAddress {
  /** Whom the request is counted for. */
  readonly key: string;
  /** For people. Empty: unknown. */
  readonly text: string;
}

/** Where a request comes from. */
export type RequestAddresses = (request: FastifyRequest) => RequestAddress;

export type CallerKey = (request: FastifyRequest) => string;

export function createRequestAddresses(trustedProxies: readonly string[]): RequestAddresses {
  const callerAddress = createCallerAddress(trustedProxies);
  return (request) => {
    const forwarded = request.headers["x-forwarded-for"];
    const address = callerAddress({
      remoteAddress: request.socket.remoteAddress,
      forwardedFor: typeof forwarded === "string" ? forwarded : forwarded?.join(","),
    });
    if (address === undefined) return { key: "unknown", text: "" };
    return { key: addressKey(address), text: address.text };
  };
}

const IPV6_NETWORK_BYTES = 8;

function addressKey({ family, text, bytes }: IpAddress): string {
  if (family === "v4") return text;
  return `${Buffer.from(bytes.subarray(0, IPV6_NETWORK_BYTES)).toString("hex")}/64`;
}
