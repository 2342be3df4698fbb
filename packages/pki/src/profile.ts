// What each kind of certificate looks like, as data. A certificate is built from its profile and linted against it, and
// nothing of a request but its public key comes into one. RFC 5280, section 4.2.

import { ok, type Result, refused, type UnixNs } from "@truechimer/base";
import type { CurveName } from "./elliptic-curve.ts";
import type { BasicConstraints, KeyUsage } from "./extension.ts";
import { ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH } from "./object-identifiers.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const MS_NS = 1_000_000n;
const SECOND_NS = 1_000_000_000n;

/** The kinds of certificates that there are. */
export type ProfileName = "root" | "issuing" | "agent" | "server";

/** What a kind of certificate has, and nothing else. */
export interface CertificateProfile<Name extends ProfileName = ProfileName> {
  readonly name: Name;
  readonly keyUsage: readonly KeyUsage[];
  /** Object identifiers. Empty: the extension is left out. */
  readonly extendedKeyUsage: readonly string[];
  readonly basicConstraints: BasicConstraints;
  readonly curves: readonly CurveName[];
  /** What the names are: of a person's reading, or what peers connect to. */
  readonly names: "common_name" | "one_dns_name" | "dns_names_and_addresses";
  readonly lifetimeMsMin: number;
  readonly lifetimeMsMax: number;
}

/** What agents trust. It signs authorities and nothing else. */
export const ROOT_PROFILE: CertificateProfile<"root"> = {
  name: "root",
  keyUsage: ["keyCertSign", "cRLSign"],
  extendedKeyUsage: [],
  basicConstraints: { authority: true, pathLength: 1 },
  curves: ["P-384"],
  names: "common_name",
  lifetimeMsMin: 10 * YEAR_MS,
  lifetimeMsMax: 30 * YEAR_MS,
};

/** Signs the certificates at the end of a chain. */
export const ISSUING_PROFILE: CertificateProfile<"issuing"> = {
  name: "issuing",
  keyUsage: ["keyCertSign", "cRLSign"],
  extendedKeyUsage: [],
  basicConstraints: { authority: true, pathLength: 0 },
  curves: ["P-256"],
  names: "common_name",
  lifetimeMsMin: YEAR_MS,
  lifetimeMsMax: 10 * YEAR_MS,
};

/**
 * An agent's identity. It is a client's, but the NTP Pool's server looks for the purpose of a server in it, because
 * that is what its library asks for unless told otherwise; so both stand in it.
 */
export const AGENT_PROFILE: CertificateProfile<"agent"> = {
  name: "agent",
  keyUsage: ["digitalSignature"],
  extendedKeyUsage: [ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH],
  basicConstraints: { authority: false },
  curves: ["P-256", "P-384"],
  names: "one_dns_name",
  lifetimeMsMin: 5 * MINUTE_MS,
  lifetimeMsMax: 398 * DAY_MS,
};

/** Long enough to outlast weeks in which nobody looks, short enough that a stolen key soon opens nothing. */
export const AGENT_LIFETIME_DEFAULT_MS: number = 30 * DAY_MS;

/** Of the listener that agents connect to. */
export const SERVER_PROFILE: CertificateProfile<"server"> = {
  name: "server",
  keyUsage: ["digitalSignature"],
  extendedKeyUsage: [ID_KP_SERVER_AUTH],
  basicConstraints: { authority: false },
  curves: ["P-256", "P-384"],
  names: "dns_names_and_addresses",
  lifetimeMsMin: 5 * MINUTE_MS,
  lifetimeMsMax: 398 * DAY_MS,
};

/** A peer's clock may be this much behind ours before a new certificate is not yet valid to it. */
const BACK_DATE_MS_MAX = HOUR_MS;
/** Of a short life no more than this share lies in the past, or it would be due for renewal at birth. */
const BACK_DATE_SHARE = 10;

/** A certificate's life. */
export interface Validity {
  readonly notBeforeNs: UnixNs;
  readonly notAfterNs: UnixNs;
}

/** What a life is computed from. */
export interface ValidityRequest {
  readonly profile: CertificateProfile;
  readonly nowNs: UnixNs;
  /** From now on; the back-dating comes on top. */
  readonly lifetimeMs: number;
  /** A certificate never outlives the one that it hangs from. Absent: it hangs from none. */
  readonly issuerNotAfterNs?: UnixNs;
}

/** Whole seconds, both of them within the life. RFC 5280, section 4.1.2.5. */
export function validityFor(request: ValidityRequest): Result<Validity, string> {
  const { profile, nowNs, lifetimeMs, issuerNotAfterNs } = request;
  if (!(lifetimeMs >= profile.lifetimeMsMin && lifetimeMs <= profile.lifetimeMsMax)) {
    return refused(
      `a lifetime of ${lifetimeMs} ms: expected ${profile.lifetimeMsMin} to ${profile.lifetimeMsMax} ms for the profile ${profile.name}`,
    );
  }
  const backDateMs = Math.min(BACK_DATE_MS_MAX, Math.floor(lifetimeMs / BACK_DATE_SHARE));
  const notBeforeNs = toSecond(nowNs - BigInt(backDateMs) * MS_NS);
  const wantedNs = toSecond(nowNs + BigInt(lifetimeMs) * MS_NS) - SECOND_NS;
  const notAfterNs =
    issuerNotAfterNs !== undefined && issuerNotAfterNs < wantedNs ? issuerNotAfterNs : wantedNs;
  if (notAfterNs <= nowNs) return refused("the issuer's certificate has ended");
  return ok({ notBeforeNs, notAfterNs });
}

function toSecond(atNs: UnixNs): UnixNs {
  return atNs - (atNs % SECOND_NS);
}
