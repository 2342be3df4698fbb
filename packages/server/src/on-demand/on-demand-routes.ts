// The NTP Pool's paths for on-demand checks, with its JSON. An admin's key is asked for, which its internal listener did
// not do; no answers are an empty list and not null.

import { Code } from "@connectrpc/connect";
import { AppError, parseIpAddress } from "@truechimer/base";
import type { Timestamptz } from "@truechimer/database";
import { type ExactJson, exactJsonText, parseExactJson } from "@truechimer/mqtt";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sql } from "kysely";
import { resolveTarget } from "../admin-api/resolve-target.ts";
import type { ServerContext } from "../context.ts";
import type { AdminAccess } from "../http/admin-access.ts";
import { ERROR_CODE_HEADER, edgeErrorFrom } from "../http/connect-error.ts";
import type { CallRefusal } from "../http/connect-plugin.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { guardHost } from "../http/request-guards.ts";
import { failedLogin, principalRefusal, strangerRefusal } from "../limits/limit-callers.ts";
import { clientVersionFromUserAgent } from "../monitor-api/client-version.ts";
import { ADMIN_PERMISSIONS } from "../people/admin-permissions.ts";
import { refusalOf } from "../people/guard-procedures.ts";
import type { QuestionAnswer } from "./question.ts";

/** Of these the first three healthy answers end the question. */
const MONITORS_ASKED = 10;
const MONITORS_ASKED_ALL = 50;
const HEALTHY_ENOUGH = 3;
const HEALTHY_STRATUM_MAX = 7;
const NTP_PORT = 123;
const HTTP_STATUSES: ReadonlyMap<Code, number> = new Map([
  [Code.InvalidArgument, 400],
  [Code.NotFound, 404],
  [Code.ResourceExhausted, 429],
  [Code.Unavailable, 503],
]);

export function registerOnDemandRoutes(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): void {
  guardHost(scope, context, options.hosts);
  guardKey(scope, context, options);
  // The parameters come in the query or as a form; anything else is of no interest.
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  scope.post("/check/ntp/:ip", async (request, reply) => {
    const { ip } = request.params as { readonly ip: string };
    await answered(context, reply, () => checkNtp({ context, options, request }, ip));
  });
  scope.get("/monitors/online", async (_request, reply) => {
    await answered(context, reply, () => onlineMonitors(context));
  });
}

function guardKey(
  scope: FastifyInstance,
  context: ServerContext,
  { access }: HttpAppOptions,
): void {
  scope.addHook("onRequest", async (request, reply) => {
    const { authorization } = request.headers;
    const stranger = access.heldLately({ authorization, cookie: undefined })
      ? undefined
      : strangerRefusal(context, request);
    const refusal = stranger ?? (await keyRefusal(context, access, { request, reply }));
    if (refusal === undefined) return;
    reply.headers({ ...refusal.headers, [ERROR_CODE_HEADER]: refusal.code });
    await answer(reply, refusal.status, { error: refusal.message });
  });
}

async function keyRefusal(
  context: ServerContext,
  access: AdminAccess,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<CallRefusal | undefined> {
  const { authorization } = request.headers;
  const caller = await access.callerOf({ authorization, cookie: undefined });
  // The NTP Pool's paths know no accounts and no roles: they are what an operator of the whole does with CheckNow.
  const asks = ADMIN_PERMISSIONS.checkNow;
  if (caller?.kind === "key" && caller.accountId === undefined) {
    const refusal = refusalOf(caller, { name: "CheckNow" }, asks);
    if (refusal === undefined)
      return principalRefusal(context, reply, { name: "admin_calls", key: caller.id });
    return { status: 403, connectCode: "permission_denied", code: "forbidden", message: refusal };
  }
  context.metrics.accessRefused.inc({ reason: "token" });
  return authorization === undefined ? KEY_NEEDED : failedLogin(context, request, KEY_NEEDED);
}

const KEY_NEEDED: CallRefusal = {
  status: 401,
  connectCode: "unauthenticated",
  code: "unauthenticated",
  message: "an API key is needed: send it as Authorization: Bearer …",
};

async function answered(
  { logger }: ServerContext,
  reply: FastifyReply,
  work: () => Promise<ExactJson>,
): Promise<void> {
  try {
    await answer(reply, 200, await work());
  } catch (error) {
    const edge = edgeErrorFrom(error);
    if (edge.internal) logger.error({ error }, "request on demand failed");
    reply.headers(Object.fromEntries(edge.answer.metadata));
    await answer(reply, HTTP_STATUSES.get(edge.answer.code) ?? 500, {
      error: edge.answer.rawMessage,
    });
  }
}

async function answer(reply: FastifyReply, status: number, body: ExactJson): Promise<void> {
  await reply.code(status).type("application/json; charset=utf-8").send(exactJsonText(body));
}

interface CheckNtpCall {
  readonly context: ServerContext;
  readonly options: HttpAppOptions;
  readonly request: FastifyRequest;
}

async function checkNtp(
  { context, options, request }: CheckNtpCall,
  ip: string,
): Promise<ExactJson> {
  const address = parseIpAddress(ip);
  if (!address.ok) throw new AppError("bad_address", address.error);
  const gone = new AbortController();
  request.raw.once("close", () => {
    if (!request.raw.complete) gone.abort(new Error("the caller hung up"));
  });
  const allowed = await resolveTarget(context, address.value.text, gone.signal);
  if (!allowed.ok) throw new AppError(allowed.error.code, allowed.error.message);
  const all = wantsAll(request);
  const server = await context.database.kysely
    .selectFrom("servers")
    .select(["id", "lab"])
    .where("ip", "=", address.value.text)
    .where("port", "=", NTP_PORT)
    .where("state", "<>", "removed")
    .executeTakeFirst();
  const events = options.onDemand.ask(
    {
      kind: "ntp",
      address: address.value,
      port: NTP_PORT,
      serverId: server?.id,
      lab: server?.lab ?? false,
      monitorsMax: all ? MONITORS_ASKED_ALL : MONITORS_ASKED,
    },
    gone.signal,
  );
  const answers: QuestionAnswer[] = [];
  for await (const event of events) {
    if (event.kind === "answer") answers.push(event.answer);
    if (!all && answers.filter(isHealthy).length >= HEALTHY_ENOUGH) break;
  }
  return answers.map(answerJson);
}

function wantsAll(request: FastifyRequest): boolean {
  const { all: inQuery } = request.query as { readonly all?: unknown };
  const inForm =
    request.body instanceof URLSearchParams ? (request.body.get("all") ?? undefined) : undefined;
  const word = inForm ?? inQuery;
  return word === "1" || word === "t" || word === "true" || word === "TRUE" || word === "True";
}

function isHealthy({ ntpResponse, reason, stratum }: QuestionAnswer): boolean {
  return (
    ntpResponse !== null &&
    reason === "" &&
    stratum !== null &&
    stratum > 0 &&
    stratum <= HEALTHY_STRATUM_MAX
  );
}

/** `Server` is the first label of the agent's name. */
function answerJson({
  tlsName,
  monitorName,
  ntpResponse,
  reason,
  error,
}: QuestionAnswer): ExactJson {
  const ntp = ntpResponse === null ? undefined : parseExactJson(ntpResponse);
  const words = error === "" ? reason : error;
  return {
    Server: (tlsName ?? monitorName).split(".", 1)[0] ?? "",
    ...(ntp === undefined ? {} : { NTP: memberOrder(ntp) }),
    ...(words === "" ? {} : { Error: words }),
  };
}

/** jsonb keeps members in an order of its own; ours is the NTP Pool's. */
const MEMBERS = [
  "ClockOffset",
  "Time",
  "RTT",
  "Precision",
  "Version",
  "Stratum",
  "ReferenceID",
  "ReferenceTime",
  "RootDelay",
  "RootDispersion",
  "RootDistance",
  "Leap",
  "MinError",
  "KissCode",
  "Poll",
] as const;

function memberOrder(ntp: ExactJson): ExactJson {
  const members = ntp as { readonly [key: string]: ExactJson };
  return Object.fromEntries(MEMBERS.map((name) => [name, members[name] ?? null]));
}

interface OnlineRow {
  readonly hostname: string;
  readonly tls_name: string | null;
  readonly families: readonly string[];
  readonly version: string;
  readonly status_version: string;
  readonly status_at: Timestamptz | null;
  readonly seen_at: Timestamptz;
  readonly online: boolean;
}

/** Every agent that was ever there, also those that are away. */
async function onlineMonitors({ database }: ServerContext): Promise<ExactJson> {
  const found = await sql<OnlineRow>`
    select min(m.hostname) as hostname, m.tls_name, array_agg(distinct m.ip_version order by m.ip_version) as families,
      max(s.version) as version, (array_agg(s.status_version order by s.seen_at desc))[1]::text as status_version,
      max(s.status_at) as status_at, max(s.seen_at) as seen_at, bool_or(s.expires_at > now()) as online
    from monitor_sessions s join monitors m on m.id = s.monitor_id
    where m.is_current and m.deleted_on is null
    group by m.tls_name, coalesce(m.tls_name, m.id::text)
    order by min(m.hostname), m.tls_name`.execute(database.kysely);
  return found.rows.map((row) => ({
    Name: row.tls_name ?? row.hostname,
    IpVersions: row.families,
    ...(row.families.length === 1 ? { IpVersion: row.families[0] ?? "" } : {}),
    Version: versionOf(row),
    UpdatedMQ: instant(row.status_at),
    LastSeen: instant(row.seen_at),
    Online: row.online,
  }));
}

function versionOf({ status_version: told, version }: OnlineRow): ExactJson {
  const members = parseExactJson(told);
  const isEmpty =
    typeof members !== "object" || members === null || Object.keys(members).length === 0;
  // Of a stream: the version that the agent's User-Agent begins with.
  const [first = ""] = clientVersionFromUserAgent(version).split("/", 1);
  return isEmpty ? { Version: first } : members;
}

/** The NTP Pool's word for no instant is the year 1. */
function instant(at: Timestamptz | null): string {
  return at ?? "0001-01-01T00:00:00Z";
}
