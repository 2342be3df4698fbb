// The table `oidc`: where people may sign in beside name and password, and what becomes of what is said of them there.

import { AppError } from "@truechimer/base";
import type { OidcSettings } from "@truechimer/server";
import * as z from "zod";

type RoleName = "viewer" | "operator" | "admin";

/** Groups of a directory that mean something here. */
const ROLES_MAX = 100;
const SCOPES_MAX = 20;
const NAME_CHARACTERS_MAX = 40;
/** What tells a new user's name and groups at most providers. */
const SCOPES: readonly string[] = ["openid", "profile", "email"];

const text = z.string().min(1, "expected a text that is not empty");

const issuer = text.refine(
  isIssuer,
  'expected an address such as "https://login.example.net", or one of http: on loopback',
);

function isIssuer(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, search, hash } = new URL(value);
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  return (protocol === "https:" || (protocol === "http:" && isLocal)) && search + hash === "";
}

const SCOPE_EXPECTED = 'expected a list such as ["openid", "profile", "email"], with "openid"';

export const oidcSchema: z.ZodType<CheckedOidc> = z.strictObject({
  issuer: issuer.optional(),
  client_id: text.optional(),
  client_secret_file: text.optional(),
  scopes: z
    .array(text.regex(/^[!#-[\]-~]+$/, "expected a scope without spaces"), {
      error: SCOPE_EXPECTED,
    })
    .max(SCOPES_MAX, `expected at most ${SCOPES_MAX} scopes`)
    .refine((scopes) => scopes.includes("openid"), SCOPE_EXPECTED)
    .optional(),
  name: text
    .max(NAME_CHARACTERS_MAX, `expected at most ${NAME_CHARACTERS_MAX} characters`)
    .optional(),
  role_claim: text.optional(),
  roles: z
    .record(
      text,
      z.enum(["viewer", "operator", "admin"], {
        error: 'expected one of "viewer", "operator", "admin"',
      }),
    )
    .refine(
      (roles) => Object.keys(roles).length <= ROLES_MAX,
      `expected at most ${ROLES_MAX} values`,
    )
    .optional(),
  account_claim: text.optional(),
  name_claim: text.optional(),
});

/** As checked. */
export interface CheckedOidc {
  readonly issuer?: string | undefined;
  readonly client_id?: string | undefined;
  readonly client_secret_file?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly role_claim?: string | undefined;
  readonly roles?: Readonly<Record<string, RoleName>> | undefined;
  readonly account_claim?: string | undefined;
  readonly name_claim?: string | undefined;
}

export interface OidcConfig extends Omit<OidcSettings, "clientSecret" | "roles"> {
  /** Absent: a public client. */
  readonly clientSecretFile: string | undefined;
  readonly roles: Readonly<Record<string, RoleName>>;
}

/** Undefined: nobody signs in at a provider. Fails with config_bad_value. */
export function oidcConfig(
  oidc: CheckedOidc | undefined,
  publicUrl: string | undefined,
): OidcConfig | undefined {
  if (oidc?.issuer === undefined) {
    const [key] = Object.keys(oidc ?? {});
    if (key === undefined) return undefined;
    throw bad(`oidc.${key}: there is no provider without oidc.issuer`);
  }
  const { client_id: clientId, role_claim: roleClaim, roles = {} } = oidc;
  if (clientId === undefined)
    throw bad("oidc.issuer needs oidc.client_id, by which the provider knows us");
  if (publicUrl === undefined)
    throw bad(
      'oidc.issuer needs listen.public_url, such as "https://clocks.example.net": the provider sends browsers back there, to /sign-in/oidc/callback',
    );
  if (roleClaim === undefined || Object.keys(roles).length === 0)
    throw bad(
      'oidc.issuer needs oidc.role_claim, such as "groups", and a table oidc.roles, such as { "clock-admins" = "admin" }: without a role nobody is let in',
    );
  return {
    issuer: oidc.issuer,
    clientId,
    clientSecretFile: oidc.client_secret_file,
    scopes: oidc.scopes ?? SCOPES,
    name: oidc.name ?? new URL(oidc.issuer).host,
    roleClaim,
    roles,
    ...(oidc.account_claim === undefined ? {} : { accountClaim: oidc.account_claim }),
    nameClaim: oidc.name_claim ?? "preferred_username",
  };
}

function bad(message: string): AppError {
  return new AppError("config_bad_value", message);
}
