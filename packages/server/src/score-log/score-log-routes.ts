// `/scores/SERVER/log` and `/scores/SERVER/json`, the paths under which the NTP Pool publishes what became of a server's
// score. For those who may read results, or, where the operator says so, for everybody.

import { AppError } from "@truechimer/base";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { guardCallers } from "../http/admin-guard.ts";
import { refuseCall } from "../http/connect-plugin.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { refusePlainly } from "../http/plain-refusal.ts";
import { guardHost } from "../http/request-guards.ts";
import { strangerRefusal } from "../limits/limit-callers.ts";
import { ADMIN_PERMISSIONS } from "../people/admin-permissions.ts";
import type { Caller } from "../people/caller.ts";
import { refusalOf } from "../people/guard-procedures.ts";
import { readScoreLog, type ScoreLog, scoreLogQuestion } from "./score-log.ts";
import { scoreLogCsv, scoreLogJson } from "./score-log-forms.ts";

export function registerScoreLog(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): void {
  const { scoresPublic } = options;
  const callers = new WeakMap<FastifyRequest, Caller>();
  if (scoresPublic) guardPublic(scope, context, options);
  else guardCallers(scope, context, { access: options.access, hosts: options.hosts, callers });
  const route = (
    mode: string,
    send: (reply: FastifyReply, log: ScoreLog) => FastifyReply,
  ): void => {
    scope.route({
      method: "GET",
      url: `/scores/:server/${mode}`,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        try {
          const accountId = scoresPublic ? undefined : accountOf(context, callers.get(request));
          const { server } = request.params as { readonly server: string };
          const question = scoreLogQuestion(server, request.query as Record<string, unknown>);
          const log = await readScoreLog(context, question, accountId);
          reply.header("cache-control", cacheControl(context, scoresPublic, log));
          if (scoresPublic) reply.header("access-control-allow-origin", "*");
          return await send(reply, log);
        } catch (error) {
          return refusePlainly(context, reply, error, "a score log failed");
        }
      },
    });
  };
  // Browsers show what is text/plain, and download what is CSV.
  route("log", (reply, log) =>
    reply
      .type("text/plain; charset=utf-8")
      .header("content-disposition", "inline")
      .send(scoreLogCsv(log)),
  );
  route("json", (reply, log) => reply.send(scoreLogJson(log)));
}

function guardPublic(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): void {
  guardHost(scope, context, options.hosts);
  scope.addHook("onRequest", async (request, reply) => {
    const refusal = strangerRefusal(context, request);
    if (refusal !== undefined) await refuseCall(reply, refusal);
  });
}

/** Fails with forbidden. Undefined: the caller sees all accounts' servers. */
function accountOf(context: ServerContext, caller: Caller | undefined): bigint | undefined {
  if (caller === undefined) throw new AppError("unauthenticated", "a session or a key is needed");
  const refusal = refusalOf(caller, { name: "ListResults" }, ADMIN_PERMISSIONS.listResults);
  if (refusal !== undefined) {
    context.metrics.accessRefused.inc({ reason: "permission" });
    throw new AppError("forbidden", refusal);
  }
  return caller.accountId;
}

const QUIET_NS = 8 * 3_600 * 1_000_000_000;
const QUIET_SECONDS = 1_800;
const BUSY_SECONDS = 120;

/** A server that nothing was heard of for hours is not asked for every two minutes. */
function cacheControl({ clock }: ServerContext, isPublic: boolean, { rows }: ScoreLog): string {
  if (!isPublic) return "no-store";
  const nowMs = Number(clock.nowNs() / 1_000_000n);
  const newestMs = Math.max(
    0,
    ...[rows[0], rows.at(-1)]
      .map((row) => Date.parse(row?.ts ?? ""))
      .filter((ms) => !Number.isNaN(ms)),
  );
  const isQuiet = (nowMs - newestMs) * 1e6 > QUIET_NS;
  return `public, max-age=${isQuiet ? QUIET_SECONDS : BUSY_SECONDS}`;
}
