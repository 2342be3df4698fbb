// The dashboard's files, its deep links, and the door: `/?key=…` turns a one-time key into a session.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { failedLogin, strangerRefusal } from "../limits/limit-callers.ts";
import type { CallRefusal } from "./connect-plugin.ts";
import { cookieValue, sessionCookieHeader } from "./cookie.ts";
import { hostProblem } from "./host-guard.ts";
import type { HttpAppOptions } from "./http-options.ts";
import { PLAIN_PAGE } from "./plain-page.ts";
import { refuseInText } from "./refuse-in-text.ts";
import { guardHost, hostHeaders, pathOf, refuseHost } from "./request-guards.ts";
import {
  acceptedEncoding,
  loadStaticFiles,
  type StaticFile,
  type StaticFiles,
} from "./static-files.ts";

const INDEX = "/index.html";

export async function registerDashboard(
  app: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  const files = fileSource(options.webRoot);
  await files();
  const limitStrangers = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const refusal = strangerRefusal(context, request);
    if (refusal !== undefined) await refuseInText(reply, refusal);
  };
  app.route({
    method: ["GET", "HEAD"],
    url: "/",
    onRequest: limitStrangers,
    handler: async (request, reply) => {
      const key = keyOf(request);
      if (key !== undefined) return useKey(context, options, { request, reply, key });
      // Open to every name, but the dashboard's files are not: a page that could not load would say nothing.
      const problem = hostProblem(hostHeaders(request), options.hosts);
      if (problem !== undefined) return sendText(reply, `Truechimer is running, but ${problem}.\n`);
      return sendIndex(request, reply, await files());
    },
  });
  await app.register(async (scope) => {
    scope.addHook("onRequest", limitStrangers);
    guardHost(scope, context, options.hosts);
    scope.route({
      method: ["GET", "HEAD"],
      url: "/*",
      handler: async (request, reply) => {
        const loaded = await files();
        const path = pathOf(request);
        const file = path === INDEX ? undefined : loaded?.get(path);
        if (file !== undefined) return sendFile(request, reply, file);
        const key = keyOf(request);
        if (key !== undefined) return useKey(context, options, { request, reply, key });
        if (isDeepLink(request)) return sendIndex(request, reply, loaded);
        return reply.code(404).type("text/plain; charset=utf-8").send("not found\n");
      },
    });
  });
}

/** Files are read once; until the dashboard was built, each question looks again. */
function fileSource(webRoot: string | undefined): () => Promise<StaticFiles | undefined> {
  let loaded: StaticFiles | undefined;
  return async () => {
    if (loaded === undefined && webRoot !== undefined) loaded = await loadStaticFiles(webRoot);
    return loaded;
  };
}

/** A page of the dashboard, typed or copied: not a file, and asked for by somebody who reads HTML. */
function isDeepLink(request: FastifyRequest): boolean {
  const accepts = request.headers.accept ?? "";
  const path = pathOf(request);
  return (
    accepts.includes("text/html") &&
    !path.startsWith("/assets/") &&
    !/\.[A-Za-z0-9]{1,8}$/.test(path)
  );
}

function keyOf(request: FastifyRequest): string | undefined {
  const { key } = request.query as { readonly key?: unknown };
  return typeof key === "string" && key !== "" ? key : undefined;
}

interface KeyUse {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly key: string;
}

/** A session that holds is kept and the key left alone; otherwise the key is spent. Then the key leaves the address. */
async function useKey(
  context: ServerContext,
  options: HttpAppOptions,
  { request, reply, key }: KeyUse,
): Promise<FastifyReply> {
  const problem = hostProblem(hostHeaders(request), options.hosts);
  if (problem !== undefined) {
    await refuseHost(context, reply, problem);
    return reply;
  }
  const { access, publicUrl } = options;
  reply.header("cache-control", "no-store");
  const { cookie } = request.headers;
  const session = cookieValue(cookie, access.cookieName);
  const known =
    session === undefined ? undefined : await access.callerOf({ authorization: undefined, cookie });
  if (known !== undefined) return reply.redirect(withoutKey(request), 303);
  // A preview or a prefetch must not spend what a person is about to use.
  if (request.method === "HEAD" || isPrefetch(request)) return reply.code(204).send();
  const value = await access.redeem(key, {
    userAgent: request.headers["user-agent"] ?? "",
    openedFrom: context.requestAddress(request).text,
  });
  if (value === undefined) {
    context.metrics.accessRefused.inc({ reason: "key_refused" });
    const refusal = await failedLogin(context, request, KEY_REFUSED);
    if (refusal === KEY_REFUSED) return reply.redirect("/?key_refused=1", 303);
    await refuseInText(reply, refusal);
    return reply;
  }
  const secure = publicUrl().startsWith("https:");
  return reply
    .header("set-cookie", sessionCookieHeader({ name: access.cookieName, value, secure }))
    .redirect(withoutKey(request), 303);
}

const KEY_REFUSED: CallRefusal = {
  status: 401,
  connectCode: "unauthenticated",
  code: "unauthenticated",
  message: "the one-time key is unknown, spent or too old",
};

function isPrefetch(request: FastifyRequest): boolean {
  return /prefetch|preview/i.test(
    String(request.headers["sec-purpose"] ?? request.headers["purpose"] ?? ""),
  );
}

function withoutKey(request: FastifyRequest): string {
  const query = new URLSearchParams(request.url.split("?", 2)[1] ?? "");
  query.delete("key");
  const rest = query.toString();
  // One slash at the start: two would name another host.
  const path = `/${pathOf(request).replace(/^[/\\]+/, "")}`;
  return rest === "" ? path : `${path}?${rest}`;
}

function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.type("text/plain; charset=utf-8").header("cache-control", "no-store").send(text);
}

async function sendIndex(
  request: FastifyRequest,
  reply: FastifyReply,
  files: StaticFiles | undefined,
): Promise<FastifyReply> {
  const index = files?.get(INDEX);
  if (index !== undefined) return sendFile(request, reply, index);
  return reply
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .send(PLAIN_PAGE);
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: StaticFile,
): Promise<FastifyReply> {
  reply.headers({ "cache-control": file.cacheControl, etag: file.etag });
  if (file.compressible) reply.header("vary", "accept-encoding");
  if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
  const encoding = file.compressible
    ? acceptedEncoding(request.headers["accept-encoding"])
    : "identity";
  if (encoding !== "identity") reply.header("content-encoding", encoding);
  return reply.type(file.contentType).send(Buffer.from(await file.body(encoding)));
}
