// What a control plane is told of its OpenID Connect provider, and where the browser meets it.

import type { RoleName } from "@truechimer/database";

/** The browser's way to the provider begins here. */
export const OIDC_PATH = "/sign-in/oidc";
/** Where the provider sends the browser back to: its redirect URI. */
export const OIDC_CALLBACK_PATH: string = `${OIDC_PATH}/callback`;
/** The way to be signed out at the provider. */
export const OIDC_SIGN_OUT_PATH: string = `${OIDC_PATH}/sign-out`;

export interface OidcSettings {
  /** As the provider calls itself: "https://login.example.net". `http:` on loopback alone. */
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client, which PKCE alone vouches for. */
  readonly clientSecret?: string;
  /** Such as "openid" and "email". */
  readonly scopes: readonly string[];
  /** What people call it. */
  readonly name: string;
  /** Claim whose value, or one of whose values, is a key of `roles`. */
  readonly roleClaim: string;
  readonly roles: ReadonlyMap<string, RoleName>;
  /** Claim that holds the id of the user's account. Absent: users see all accounts. */
  readonly accountClaim?: string;
  /** Claim that a new user is named by. */
  readonly nameClaim: string;
}
