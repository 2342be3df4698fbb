// The table `acme`: where the dashboard's certificate is ordered with `listen.tls = "acme"`, and for which names.

import { isIP } from "node:net";
import { AppError } from "@truechimer/base";
import type { AcmeSettings } from "@truechimer/server";
import * as z from "zod";

/** A certificate of Let's Encrypt's has up to 100; a dashboard has a name, and another one while it moves. */
const NAMES_MAX = 10;
const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
/** The port that every authority asks. RFC 8555, section 8.3. */
const HTTP_PORT = 80;
const PORT_MAX = 65_535;
/** Authorities give out some tens. */
const KEY_ID_CHARACTERS_MAX = 500;
const PORT_EXPECTED = `expected a port number from 0 to ${PORT_MAX}`;

const text = z.string().min(1, "expected a text that is not empty");

const directory = text.refine(
  (value) => URL.canParse(value) && new URL(value).protocol === "https:",
  `expected the https address of a directory such as "${LETS_ENCRYPT}"`,
);

const name = text.superRefine((value, context) => {
  const problem = nameProblem(value);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

/** Undefined: a certificate can be had for it by HTTP-01. */
function nameProblem(value: string): string | undefined {
  const shown = JSON.stringify(value.slice(0, 60));
  if (isIP(value.replace(/^\[|\]$/g, "")) !== 0) {
    return `${shown} is an address: a certificate by ACME is for names, such as "clocks.example.net"; for an address use listen.tls = "own"`;
  }
  if (value.startsWith("*.")) {
    return `${shown} is a wildcard, which HTTP-01 cannot prove: name each host, or use an ACME client of your own with listen.tls = "files"`;
  }
  const labels = value.toLowerCase().split(".");
  const isName =
    value.length <= 253 &&
    labels.length > 1 &&
    labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return isName
    ? undefined
    : `${shown} is no full host name: expected one such as "clocks.example.net"`;
}

export const acmeSchema: z.ZodType<CheckedAcme> = z.strictObject({
  terms_agreed: z.boolean("expected true or false").optional(),
  names: z
    .array(name, { error: 'expected a list such as ["clocks.example.net"]' })
    .min(1, "expected at least one name")
    .max(NAMES_MAX, `expected at most ${NAMES_MAX} names`)
    .optional(),
  directory_url: directory.optional(),
  email: text
    .regex(/^[^\s@:]{1,64}@[^\s@]{1,190}$/, 'expected an address such as "clocks@example.net"')
    .optional(),
  eab_key_id: text
    .max(KEY_ID_CHARACTERS_MAX, `expected at most ${KEY_ID_CHARACTERS_MAX} characters`)
    .regex(/^[\x21-\x7e]+$/, "expected the key identifier as the authority gave it, without blanks")
    .optional(),
  eab_hmac_key_file: text.optional(),
  ca_file: text.optional(),
  http_host: text.optional(),
  http_port: z
    .number(PORT_EXPECTED)
    .int(PORT_EXPECTED)
    .min(0, PORT_EXPECTED)
    .max(PORT_MAX, PORT_EXPECTED)
    .optional(),
});

/** As checked. */
export interface CheckedAcme {
  readonly terms_agreed?: boolean | undefined;
  readonly names?: readonly string[] | undefined;
  readonly directory_url?: string | undefined;
  readonly email?: string | undefined;
  readonly eab_key_id?: string | undefined;
  readonly eab_hmac_key_file?: string | undefined;
  readonly ca_file?: string | undefined;
  readonly http_host?: string | undefined;
  readonly http_port?: number | undefined;
}

/** As the control plane takes them, but for the secret, which is a file here. */
export type AcmeConfig = Omit<AcmeSettings, "externalAccount"> & {
  /** Absent: the authority takes anybody. */
  readonly externalAccount?: { readonly keyId: string; readonly hmacKeyFile: string };
};

export interface AcmePlace {
  readonly listenHost: string;
  readonly publicUrl: string | undefined;
}

/** For `listen.tls = "acme"`. Fails with config_bad_value. */
export function acmeConfig(
  acme: CheckedAcme = {},
  { listenHost, publicUrl }: AcmePlace,
): AcmeConfig {
  if (acme.terms_agreed !== true) {
    throw bad(
      'listen.tls = "acme" needs acme.terms_agreed = true: read the terms of the authority (https://letsencrypt.org/repository/ for Let\'s Encrypt), an account is made under them',
    );
  }
  const publicName = publicUrl === undefined ? undefined : new URL(publicUrl).hostname;
  return {
    directoryUrl: acme.directory_url ?? LETS_ENCRYPT,
    names: certifiedNames(acme.names, publicName),
    ...(acme.email === undefined ? {} : { email: acme.email }),
    ...externalAccountOf(acme),
    ...(acme.ca_file === undefined ? {} : { caFile: acme.ca_file }),
    challenges: { host: acme.http_host ?? listenHost, port: acme.http_port ?? HTTP_PORT },
  };
}

function externalAccountOf({
  eab_key_id: keyId,
  eab_hmac_key_file: hmacKeyFile,
}: CheckedAcme): Pick<AcmeConfig, "externalAccount"> {
  if (keyId !== undefined && hmacKeyFile !== undefined) {
    return { externalAccount: { keyId, hmacKeyFile } };
  }
  if (keyId === undefined && hmacKeyFile === undefined) return {};
  throw bad(
    "acme.eab_key_id and acme.eab_hmac_key_file belong together: give both as the authority gave them to you, or neither",
  );
}

/** Keys of a table that nothing would look at. Fails with config_bad_value. */
export function refuseUnusedAcme(acme: CheckedAcme | undefined, tls: string): void {
  const [key] = Object.keys(acme ?? {});
  if (key === undefined) return;
  throw bad(
    `acme.${key}: listen.tls is "${tls}", and the table acme is for "acme": set listen.tls = "acme", or leave the table away`,
  );
}

function certifiedNames(
  given: readonly string[] | undefined,
  publicName: string | undefined,
): readonly string[] {
  if (given === undefined && publicName === undefined) {
    throw bad(
      'listen.tls = "acme" needs a name: set listen.public_url, such as "https://clocks.example.net", or acme.names',
    );
  }
  const names = [...new Set((given ?? [publicName ?? ""]).map((each) => each.toLowerCase()))];
  if (publicName !== undefined && !names.includes(publicName)) {
    throw bad(
      `acme.names has no "${publicName}", under which listen.public_url lets people open the dashboard: add it`,
    );
  }
  const problem = names.map(nameProblem).find((each) => each !== undefined);
  if (problem === undefined) return names;
  throw bad(`listen.public_url: ${problem}`);
}

function bad(message: string): AppError {
  return new AppError("config_bad_value", message);
}
