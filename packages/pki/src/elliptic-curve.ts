// The two curves that our keys are on. RFC 5480, section 2.1.1.1.

import { SECP256R1, SECP384R1 } from "./object-identifiers.ts";

/** By WebCrypto's name. */
export type CurveName = "P-256" | "P-384";

/** A named curve and its sizes. */
export interface EllipticCurve {
  readonly name: CurveName;
  readonly objectIdentifier: string;
  /** Octets of a coordinate, and of each half of a signature. */
  readonly coordinateBytes: number;
}

/** Of agents and servers: secp256r1. */
const P256: EllipticCurve = {
  name: "P-256",
  objectIdentifier: SECP256R1,
  coordinateBytes: 32,
};
/** Of authorities: secp384r1. */
const P384: EllipticCurve = {
  name: "P-384",
  objectIdentifier: SECP384R1,
  coordinateBytes: 48,
};

/** Absent: not one of ours. */
export function curveByObjectIdentifier(objectIdentifier: string): EllipticCurve | undefined {
  return [P256, P384].find((curve) => curve.objectIdentifier === objectIdentifier);
}

/** One of ours, by WebCrypto's name. */
export function curveByName(name: CurveName): EllipticCurve {
  return name === "P-256" ? P256 : P384;
}
