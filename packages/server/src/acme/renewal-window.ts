// When the authority would like a certificate to be renewed: ACME renewal information. RFC 9773.

import type { Random, UnixNs } from "@truechimer/base";
import type { Certificate } from "@truechimer/pki";

/** Instants between which a renewal is welcome. */
export interface RenewalWindow {
  readonly startNs: UnixNs;
  readonly endNs: UnixNs;
}

/** What the certificate is called by. Undefined: it does not name its authority's key. RFC 9773, section 4.1. */
export function renewalId({
  authorityKeyIdentifier,
  serial,
}: Pick<Certificate, "authorityKeyIdentifier" | "serial">): string | undefined {
  if (authorityKeyIdentifier === undefined) return undefined;
  // As DER has it: an octet of zeros in front, where the first bit would make it negative.
  const bytes = Buffer.from(serial, "hex");
  const signed = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return `${Buffer.from(authorityKeyIdentifier).toString("base64url")}.${signed.toString("base64url")}`;
}

/** Undefined: it is none. RFC 9773, section 4.2. */
export function parseRenewalWindow(value: unknown): RenewalWindow | undefined {
  const window = fields(fields(value)["suggestedWindow"]);
  const [startMs, endMs] = [window["start"], window["end"]].map((at) =>
    typeof at === "string" ? Date.parse(at) : Number.NaN,
  );
  if (startMs === undefined || endMs === undefined || !(startMs < endMs)) return undefined;
  return { startNs: BigInt(startMs) * 1_000_000n, endNs: BigInt(endMs) * 1_000_000n };
}

/** An instant of the window, the one that was drawn before if it lies in it still. RFC 9773, section 4.2. */
export function drawRenewal(
  { startNs, endNs }: RenewalWindow,
  drawnNs: UnixNs | undefined,
  random: Random,
): UnixNs {
  if (drawnNs !== undefined && drawnNs >= startNs && drawnNs <= endNs) return drawnNs;
  const spanMs = Number((endNs - startNs) / 1_000_000n);
  return startNs + BigInt(Math.floor(random.fraction() * spanMs)) * 1_000_000n;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
