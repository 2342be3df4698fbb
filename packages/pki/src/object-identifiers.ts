// The object identifiers that our certificates and requests are made of, by the name that the standards give them.

/** RFC 5480, section 2.1.1. */
export const ID_EC_PUBLIC_KEY = "1.2.840.10045.2.1";
/** RFC 5480, section 2.1.1.1; also called P-256. */
export const SECP256R1 = "1.2.840.10045.3.1.7";
/** Also called P-384. */
export const SECP384R1 = "1.3.132.0.34";

/** RFC 5758, section 3.2. */
export const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
export const ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";

/** RFC 5280, appendix A.1. */
export const ID_AT_COMMON_NAME = "2.5.4.3";
export const ID_AT_ORGANIZATION = "2.5.4.10";

/** RFC 5280, section 4.2.1. */
export const ID_CE_SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
export const ID_CE_KEY_USAGE = "2.5.29.15";
export const ID_CE_SUBJECT_ALT_NAME = "2.5.29.17";
export const ID_CE_BASIC_CONSTRAINTS = "2.5.29.19";
export const ID_CE_AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
export const ID_CE_EXT_KEY_USAGE = "2.5.29.37";

/** RFC 5280, section 4.2.1.12. */
export const ID_KP_SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
export const ID_KP_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** RFC 2985, section 5.4.2. */
export const ID_EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
