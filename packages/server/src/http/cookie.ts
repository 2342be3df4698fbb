// The cookies that we set, and how they are found again.

/** The browser may keep it this long; the session's own end is in the database. */
const MAX_AGE_SECONDS = 400 * 86_400;
const COOKIE_HEADER_CHARACTERS_MAX = 16_384;

export interface SessionCookie {
  readonly name: string;
  readonly value: string;
  /** Only over TLS. */
  readonly secure: boolean;
}

/** `HttpOnly` keeps it from scripts, `SameSite=Strict` from requests that other sites cause. */
export function sessionCookieHeader(cookie: SessionCookie): string {
  const secure = cookie.secure ? "; Secure" : "";
  return `${cookie.name}=${cookie.value}; Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; SameSite=Strict${secure}`;
}

/** Has the browser forget the session. */
export function endedSessionCookieHeader({ name, secure }: Omit<SessionCookie, "value">): string {
  return `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}

export interface AttemptCookie {
  readonly name: string;
  /** Undefined: the browser forgets it. */
  readonly value: string | undefined;
  readonly path: string;
  readonly maxAgeSeconds: number;
  readonly secure: boolean;
}

/** Of a sign-in that comes back from another site: `Lax`, because a browser does not send a `Strict` one then. */
export function attemptCookieHeader(cookie: AttemptCookie): string {
  const { name, value = "", path, secure } = cookie;
  const maxAge = cookie.value === undefined ? 0 : cookie.maxAgeSeconds;
  return `${name}=${value}; Path=${path}; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

/** The value of the cookie `name` in a `Cookie` header; the first one counts. */
export function cookieValue(header: string | null | undefined, name: string): string | undefined {
  if (header === undefined || header === null) return undefined;
  if (header.length > COOKIE_HEADER_CHARACTERS_MAX) return undefined;
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}
