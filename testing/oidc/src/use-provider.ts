// A real OpenID Connect provider with its pages, on a free port of loopback.

import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
// @ts-expect-error: the package has no types of its own
import { Provider as UntypedProvider } from "oidc-provider";
import { afterAll } from "vitest";

export const CLIENT = { clientId: "truechimer", clientSecret: "a secret of many words" };

/** What is used of it. */
const Provider = UntypedProvider as new (
  issuer: string,
  configuration: Readonly<Record<string, unknown>>,
) => { callback(): RequestListener };

export interface TestProvider {
  readonly issuer: string;
  /** Claims by subject; a person signs in as any of them. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>;
  /** Begins to answer: browsers are sent back to one of these origins. */
  open(origins: readonly string[]): void;
}

/** `host`: what browsers call it; "localhost" is another site than an address of loopback. */
export async function useProvider({
  host = "127.0.0.1",
}: {
  readonly host?: "127.0.0.1" | "localhost";
} = {}): Promise<TestProvider> {
  let answer: RequestListener = (_request, response) => response.writeHead(503).end();
  const http = createServer((request, response) => answer(request, response));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  afterAll(() => {
    http.close();
    http.closeAllConnections();
  });
  const issuer = `http://${host}:${(http.address() as AddressInfo).port}`;
  const people: TestProvider["people"] = new Map();
  return {
    issuer,
    people,
    open: (origins) => {
      answer = new Provider(issuer, {
        clients: [
          {
            client_id: CLIENT.clientId,
            client_secret: CLIENT.clientSecret,
            redirect_uris: origins.map((origin) => `${origin}/sign-in/oidc/callback`),
            post_logout_redirect_uris: origins.map((origin) => `${origin}/`),
          },
        ],
        claims: { openid: ["sub"], profile: ["preferred_username", "groups", "account"] },
        // Given, so that it does not tell of its defaults.
        ttl: { Session: 600, Grant: 600, Interaction: 600, AccessToken: 60, IdToken: 60 },
        cookies: { keys: ["a key of the test"] },
        pkce: { required: () => true },
        findAccount: (_context: unknown, id: string) => ({
          accountId: id,
          claims: () => ({ sub: id, ...people.get(id) }),
        }),
      }).callback();
    },
  };
}
