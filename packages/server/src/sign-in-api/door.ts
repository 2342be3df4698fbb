// What somebody who has no session yet comes with, as far as getting in depends on it.

import {
  type ContextKey,
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { assert } from "@truechimer/base";
import type { FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { sessionCookieHeader } from "../http/cookie.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { type PasskeySite, passkeySite } from "../passkeys/passkey-site.ts";
import type { CallerWithSession } from "../people/caller.ts";
import type { SessionOrigin } from "../people/sessions.ts";

export interface Door extends SessionOrigin {
  /** Address that people open. */
  readonly publicUrl: string;
  /** Where passkeys work. Undefined: nowhere. */
  readonly passkeySite: PasskeySite | undefined;
  /** Whom failures are counted for. */
  readonly addressKey: string;
  /** The session that the browser has now. Absent: none that holds. */
  readonly sessionBefore: () => Promise<CallerWithSession | undefined>;
  /** The answer carries the session as a cookie. */
  readonly setSession: (call: HandlerContext, session: string) => void;
}

const DOOR: ContextKey<Door | undefined> = createContextKey<Door | undefined>(undefined);

export function doorOf({ values }: HandlerContext): Door {
  const door = values.get(DOOR);
  assert(door !== undefined, "who signs in comes through the door");
  return door;
}

export function doorValues(
  context: ServerContext,
  { access, publicUrl }: HttpAppOptions,
  request: FastifyRequest,
): ContextValues {
  const { key, text } = context.requestAddress(request);
  const { cookie, "user-agent": userAgent = "" } = request.headers;
  return createContextValues().set(DOOR, {
    publicUrl: publicUrl(),
    passkeySite: passkeySite(publicUrl()),
    addressKey: key,
    openedFrom: text,
    userAgent,
    sessionBefore: async () => {
      const caller = await access.callerOf({ authorization: undefined, cookie });
      const { sessionId } = caller ?? {};
      return caller === undefined || sessionId === undefined ? undefined : { ...caller, sessionId };
    },
    setSession: ({ responseHeader }, value) => {
      const secure = publicUrl().startsWith("https:");
      const cookieText = sessionCookieHeader({ name: access.cookieName, value, secure });
      responseHeader.set("set-cookie", cookieText);
      responseHeader.set("cache-control", "no-store");
    },
  });
}
