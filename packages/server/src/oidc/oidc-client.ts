// The dialogue with an OpenID Connect provider (OpenID Connect Core 1.0, section 3.1): authorization code flow with PKCE
// (RFC 7636, S256), state and nonce. The provider is looked up when it is first needed, so that a start does not wait for it.

import { AppError, type Clock } from "@truechimer/base";
import * as openid from "openid-client";
import type { Claims } from "./oidc-claims.ts";
import type { OidcSettings } from "./oidc-settings.ts";

/** Of each request to the provider; a person waits. */
const TIMEOUT_SECONDS = 10;
/** What the provider says of itself is asked for again after so long: end points move rarely. */
const METADATA_NS = 3_600_000_000_000n;

/** What binds the provider's answer to the browser and to the question. */
export interface OidcProof {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** With what a person is known by: provider and subject. */
export type SubjectClaims = Claims & { readonly iss: string; readonly sub: string };

export interface OidcClient {
  readonly settings: OidcSettings;
  /** Where the browser is sent to. Fails with peer_unreachable or bad_answer. */
  signInUrl(redirectUri: string, proof: OidcProof): Promise<string>;
  /**
   * Trades the answer that the browser brought for claims: those of the ID token, and of the UserInfo end point where there
   * is one. Fails with unauthenticated when the answer does not hold, else as above.
   */
  claimsOf(answer: URL, proof: OidcProof): Promise<SubjectClaims>;
  /** Where the browser signs out (RP-Initiated Logout 1.0). Undefined: the provider has no such place. */
  signOutUrl(returnTo: string): Promise<string | undefined>;
}

export function createOidcClient(settings: OidcSettings, clock: Clock): OidcClient {
  const discovered = keptFor(clock, METADATA_NS, () => discover(settings));
  return {
    settings,
    signInUrl: async (redirectUri, { state, nonce, codeVerifier }) => {
      const url = openid.buildAuthorizationUrl(await discovered(), {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(" "),
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
      });
      return url.href;
    },
    claimsOf: async (answer, { state, nonce, codeVerifier }) => {
      const provider = await discovered();
      return saying("the sign-in", settings, async () => {
        const tokens = await openid.authorizationCodeGrant(provider, answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) throw new AppError("bad_answer", "there is no ID token");
        if (provider.serverMetadata().userinfo_endpoint === undefined) return claims;
        const more = await openid.fetchUserInfo(provider, tokens.access_token, claims.sub);
        return { ...more, ...claims };
      });
    },
    signOutUrl: async (returnTo) => {
      const provider = await discovered();
      if (provider.serverMetadata().end_session_endpoint === undefined) return undefined;
      return openid.buildEndSessionUrl(provider, { post_logout_redirect_uri: returnTo }).href;
    },
  };
}

function discover(settings: OidcSettings): Promise<openid.Configuration> {
  const { issuer, clientId, clientSecret } = settings;
  const url = new URL(issuer);
  return saying("its description", settings, () =>
    openid.discovery(url, clientId, {}, authenticationBy(clientSecret), {
      timeout: TIMEOUT_SECONDS,
      // The configuration takes it of loopback alone: there nobody listens in.
      execute: url.protocol === "http:" ? [openid.allowInsecureRequests] : [],
    }),
  );
}

/** HTTP Basic, which is the default of OpenID Connect, unless the provider says that it takes the secret in the form alone. */
function authenticationBy(secret: string | undefined): openid.ClientAuth {
  if (secret === undefined) return openid.None();
  const basic = openid.ClientSecretBasic(secret);
  const post = openid.ClientSecretPost(secret);
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const isBasic = methods.includes("client_secret_basic");
    (isBasic ? basic : post)(server, client, body, headers);
  };
}

/** What the provider refuses is the caller's failure; what it does not answer, or answers wrongly, is not. */
async function saying<Value>(
  what: string,
  { issuer }: OidcSettings,
  ask: () => Promise<Value>,
): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    const {
      name = "",
      code,
      message = String(error),
    } = error as Partial<Error> & { readonly code?: string };
    const told = `${what} of the provider ${issuer}: ${message}`;
    if (
      error instanceof openid.ResponseBodyError ||
      error instanceof openid.AuthorizationResponseError
    )
      throw new AppError("unauthenticated", told, { cause: error });
    const unreachable =
      name === "TimeoutError" || code === "OAUTH_TIMEOUT" || error instanceof TypeError;
    throw new AppError(unreachable ? "peer_unreachable" : "bad_answer", told, { cause: error });
  }
}

/** The same for all who ask meanwhile; a failure is not kept. */
function keptFor<Value>(
  clock: Clock,
  lifeNs: bigint,
  make: () => Promise<Value>,
): () => Promise<Value> {
  let kept: { readonly value: Promise<Value>; readonly atNs: bigint } | undefined;
  return () => {
    if (kept !== undefined && clock.monotonicNs() - kept.atNs < lifeNs) return kept.value;
    const made = { value: make(), atNs: clock.monotonicNs() };
    kept = made;
    made.value.catch(() => {
      if (kept === made) kept = undefined;
    });
    return made.value;
  };
}
