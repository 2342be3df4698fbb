// `/export/checks.csv` and `/export/checks.ndjson`: what ListResults tells page by page, as one file of any size. Written
// as it is read, and read no faster than it is taken.

import { Readable } from "node:stream";
import { create } from "@bufbuild/protobuf";
import { adminV1, EXPORTED_CHECK_COLUMNS, exportedCheck, exportedFields } from "@truechimer/api";
import { AppError, csvLine } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import { parseInstant } from "@truechimer/filter";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { timestampFrom } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";
import { guardCallers } from "../http/admin-guard.ts";
import { callerIsGone } from "../http/caller-gone.ts";
import { shutdownError } from "../http/connect-plugin.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { refusePlainly } from "../http/plain-refusal.ts";
import { ADMIN_PERMISSIONS } from "../people/admin-permissions.ts";
import type { ActingContext, Caller } from "../people/caller.ts";
import { refusalOf } from "../people/guard-procedures.ts";
import { requireOwned } from "../people/owned-objects.ts";
import { listResults } from "./list-results.ts";
import { RESULTS_LIMITS } from "./results-question.ts";

/** Each asks the database, or the memory, again and again; what people do at a page beside them must not wait. */
const EXPORTS_AT_ONCE_MAX = 8;
const ID_PATTERN = /^\d{1,18}$/;
const PARAMETERS: ReadonlySet<string> = new Set(["filter", "from", "to", "order", "server_id"]);

interface Form {
  readonly contentType: string;
  readonly heading: string;
  readonly line: (check: adminV1.ListedCheck) => string;
}

const FORMS: Readonly<Record<"csv" | "ndjson", Form>> = {
  csv: {
    contentType: "text/csv; charset=utf-8; header=present",
    heading: csvLine(EXPORTED_CHECK_COLUMNS),
    line: (check) => csvLine(exportedFields(exportedCheck(check))),
  },
  ndjson: {
    contentType: "application/x-ndjson; charset=utf-8",
    heading: "",
    line: (check) => `${JSON.stringify(exportedCheck(check))}\n`,
  },
};

export function registerCheckExport(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  guardCallers(scope, context, { access: options.access, hosts: options.hosts, callers });
  const running = { count: 0 };
  for (const [name, form] of Object.entries(FORMS)) {
    scope.route({
      method: "GET",
      url: `/export/checks.${name}`,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        let asked: Asked;
        try {
          asked = await admitted(context, callers.get(request), request);
          if (running.count >= EXPORTS_AT_ONCE_MAX) throw tooMany();
        } catch (error) {
          return refusePlainly(context, reply, error, "an export failed");
        }
        const file = Readable.from(logged(context, written(form, pagesOf(asked))));
        const watched = context.callerWatch.watch(asked.acting.caller);
        running.count += 1;
        file.once("close", () => {
          running.count -= 1;
          watched[Symbol.dispose]();
        });
        // Who may no longer read it gets no more of it, whether or not he is reading. Its last chunk is missing, and is
        // missed.
        endWith(file, AbortSignal.any([watched.signal, options.shutdownSignal]));
        return reply
          .type(form.contentType)
          .header("cache-control", "no-store")
          .header("content-disposition", `attachment; filename="${fileName(context, name)}"`)
          .send(file);
      },
    });
  }
}

function endWith(file: Readable, signal: AbortSignal): void {
  const end = (): void => void file.destroy(shutdownError());
  if (signal.aborted) return end();
  signal.addEventListener("abort", end, { once: true });
  file.once("close", () => signal.removeEventListener("abort", end));
}

interface Asked {
  readonly acting: ActingContext & { readonly caller: Caller };
  readonly question: adminV1.ListResultsRequest;
  readonly first: adminV1.ListResultsResponse;
}

async function admitted(
  context: ServerContext,
  caller: Caller | undefined,
  request: FastifyRequest,
): Promise<Asked> {
  if (caller === undefined) throw new AppError("unauthenticated", "a session or a key is needed");
  const { listResults: method } = adminV1.AdminService.method;
  const refusal = refusalOf(caller, method, ADMIN_PERMISSIONS.listResults);
  if (refusal !== undefined) {
    context.metrics.accessRefused.inc({ reason: "permission" });
    throw new AppError("forbidden", refusal);
  }
  if (caller.accountId !== undefined)
    await requireOwned(context.database.kysely, caller.accountId, { servers: serverIds(request) });
  const acting = { ...context, caller };
  const question = questionOf(context, request);
  return { acting, question, first: await listResults(acting, question) };
}

/** From the words of the address. */
function questionOf({ clock }: ServerContext, request: FastifyRequest): adminV1.ListResultsRequest {
  const unknown = Object.keys(request.query as object).find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) {
    throw new AppError(
      "bad_request",
      `"${unknown.slice(0, 40)}" is no parameter of an export: expected ${[...PARAMETERS].join(", ")}`,
    );
  }
  const nowNs = clock.nowNs();
  const instant = (name: "from" | "to"): adminV1.ListResultsRequest["from"] => {
    const text = parameter(request, name);
    if (text === "") return undefined;
    const parsed = parseInstant(text, nowNs);
    if (!parsed.ok)
      throw new AppError(
        "bad_request",
        `${name}: "${text.slice(0, 40)}" is no time: ${parsed.error}`,
      );
    return timestampFrom(timestamptzFromNs(parsed.value));
  };
  const [from, to] = [instant("from"), instant("to")];
  return create(adminV1.ListResultsRequestSchema, {
    filter: parameter(request, "filter"),
    order: orderOf(parameter(request, "order")),
    pageSize: RESULTS_LIMITS.pageOfExport,
    serverIds: serverIds(request),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
}

function orderOf(text: string): adminV1.ResultOrder {
  if (text === "" || text === "oldest") return adminV1.ResultOrder.OLDEST_FIRST;
  if (text === "newest") return adminV1.ResultOrder.NEWEST_FIRST;
  throw new AppError(
    "bad_request",
    `order: "${text.slice(0, 40)}" is none: expected oldest or newest`,
  );
}

/** Given once, or again and again. */
function serverIds(request: FastifyRequest): bigint[] {
  const { server_id: given = [] } = request.query as { readonly server_id?: string | string[] };
  return [given].flat().map((text) => {
    if (ID_PATTERN.test(text)) return BigInt(text);
    throw new AppError("bad_request", `server_id: "${text.slice(0, 40)}" is not a server's number`);
  });
}

/** Empty: it was not given. */
function parameter(request: FastifyRequest, name: string): string {
  const given = (request.query as Readonly<Record<string, unknown>>)[name] ?? "";
  if (typeof given === "string") return given;
  throw new AppError("bad_request", `${name} is given more than once`);
}

async function* pagesOf({
  acting,
  question,
  first,
}: Asked): AsyncGenerator<adminV1.ListResultsResponse, void> {
  let page = first;
  for (;;) {
    yield page;
    if (page.nextPageToken === "") return;
    page = await listResults(acting, { ...question, pageToken: page.nextPageToken });
  }
}

async function* written(
  { heading, line }: Form,
  pages: AsyncIterable<adminV1.ListResultsResponse>,
): AsyncGenerator<Buffer, void> {
  if (heading !== "") yield Buffer.from(heading);
  for await (const { checks } of pages) {
    if (checks.length > 0) yield Buffer.from(checks.map(line).join(""));
  }
}

async function* logged<Chunk>(
  { logger }: ServerContext,
  chunks: AsyncGenerator<Chunk, void>,
): AsyncGenerator<Chunk, void> {
  try {
    yield* chunks;
  } catch (error) {
    if (!callerIsGone(error)) logger.error({ error }, "an export broke off");
    throw error;
  }
}

function tooMany(): AppError {
  return new AppError(
    "limit_exceeded",
    `${EXPORTS_AT_ONCE_MAX} exports are being written: wait until one has ended`,
    { retryAfterMs: 10_000 },
  );
}

function fileName({ clock }: ServerContext, extension: string): string {
  const at = new Date(Number(clock.nowNs() / 1_000_000n)).toISOString().slice(0, 19);
  return `truechimer-checks-${at.replaceAll(":", "")}Z.${extension}`;
}
