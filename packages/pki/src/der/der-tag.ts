// The identifier octets that certificates are made of. All tag numbers are below 31, so each is one octet. X.690,
// section 8.1.2.

/** Identifier octets by the name of the type. */
export const DER_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[number]` around a whole value of another type. */
export function explicitTag(number: number): number {
  return 0xa0 | number;
}

/** `[number]` in place of a primitive type's own tag. */
export function implicitTag(number: number): number {
  return 0x80 | number;
}
