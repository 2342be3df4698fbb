// `/export/TABLE.FORM`: every row of a range of time as one file of any size. Written as it is read, and read no faster than
// it is taken.

import { Readable } from "node:stream";
import { EXPORT_TABLES } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { Timestamptz } from "@truechimer/database";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { guardCallers } from "../http/admin-guard.ts";
import { callerIsGone } from "../http/caller-gone.ts";
import { shutdownError } from "../http/connect-plugin.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { refusePlainly } from "../http/plain-refusal.ts";
import type { Caller } from "../people/caller.ts";
import { refusalOf } from "../people/guard-procedures.ts";
import { requireOwned } from "../people/owned-objects.ts";
import { EXPORT_FORMS, type ExportForm } from "./export-forms.ts";
import {
  type ExportParameters,
  type ExportQuestion,
  readExportQuestion,
  serverIdsOf,
} from "./export-question.ts";
import type { AnyExportSource, ExportPage } from "./export-source.ts";
import { EXPORT_SOURCES } from "./export-sources.ts";

/** Each asks the database, or the memory, again and again; what people do at a page beside them must not wait. */
const EXPORTS_AT_ONCE_MAX = 8;
/** How far back the rows of the file are kept. */
const HORIZON_HEADER = "truechimer-horizon";

export function registerExports(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  guardCallers(scope, context, { access: options.access, hosts: options.hosts, callers });
  const running = { count: 0 };
  for (const source of EXPORT_SOURCES) {
    for (const [extension, form] of Object.entries<ExportForm>(EXPORT_FORMS)) {
      const name = `${source.table}.${extension}`;
      scope.route({
        method: "GET",
        url: `/export/${name}`,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          let asked: Asked;
          let place: Disposable | undefined;
          try {
            const caller = permitted(context, callers.get(request), source);
            // Before the first question: who is one too many asks the database nothing.
            place = taken(running);
            asked = await begun(context, caller, { request, source, form });
          } catch (error) {
            place?.[Symbol.dispose]();
            return refusePlainly(context, reply, error, "an export failed");
          }
          const { [Symbol.dispose]: leave } = place;
          const file = Readable.from(logged(context, writtenAs(form, source, asked)), {
            objectMode: false,
          });
          const watched = context.callerWatch.watch(asked.caller);
          file.once("close", () => {
            leave();
            watched[Symbol.dispose]();
          });
          // Who may no longer read it gets no more of it, whether or not he is reading. Its last chunk is missing, and
          // is missed.
          endWith(file, AbortSignal.any([watched.signal, options.shutdownSignal]));
          return sendFile(context, reply, { file, form, name, horizon: asked.horizon });
        },
      });
    }
  }
}

function sendFile(
  context: ServerContext,
  reply: FastifyReply,
  {
    file,
    form,
    name,
    horizon,
  }: {
    readonly file: Readable;
    readonly form: ExportForm;
    readonly name: string;
    readonly horizon: Timestamptz | undefined;
  },
): FastifyReply {
  if (horizon !== undefined) void reply.header(HORIZON_HEADER, horizon);
  return reply
    .type(form.contentType)
    .header("cache-control", "no-store")
    .header("content-disposition", `attachment; filename="${fileName(context, name)}"`)
    .send(file);
}

function endWith(file: Readable, signal: AbortSignal): void {
  const end = (): void => void file.destroy(shutdownError());
  if (signal.aborted) return end();
  signal.addEventListener("abort", end, { once: true });
  file.once("close", () => signal.removeEventListener("abort", end));
}

type Pages = AsyncGenerator<ExportPage<unknown>, void>;

interface Asked {
  readonly caller: Caller;
  readonly question: ExportQuestion;
  readonly horizon: Timestamptz | undefined;
  readonly first: Awaited<ReturnType<Pages["next"]>>;
  readonly rest: Pages;
}

interface Wanted {
  readonly request: FastifyRequest;
  readonly source: AnyExportSource;
  readonly form: ExportForm;
}

function permitted(
  context: ServerContext,
  caller: Caller | undefined,
  source: AnyExportSource,
): Caller {
  if (caller === undefined) throw new AppError("unauthenticated", "a session or a key is needed");
  const refusal = refusalOf(caller, source.method, source.permission);
  if (refusal !== undefined) {
    context.metrics.accessRefused.inc({ reason: "permission" });
    throw new AppError("forbidden", refusal);
  }
  return caller;
}

async function begun(
  context: ServerContext,
  caller: Caller,
  { request, source, form }: Wanted,
): Promise<Asked> {
  const parameters = request.query as ExportParameters;
  if (caller.accountId !== undefined)
    await requireOwned(context.database.kysely, caller.accountId, {
      servers: serverIdsOf(parameters),
    });
  const question = readExportQuestion(context, EXPORT_TABLES[source.table], parameters);
  if (question.after !== undefined && !form.isContinuable) throw notContinuable();
  const acting = { ...context, caller };
  const rest = source.pages(acting, question);
  const horizon = await source.horizon?.(acting, question);
  // What is wrong with the question is told before the first byte.
  return { caller, question, horizon, first: await rest.next(), rest };
}

function writtenAs(
  form: ExportForm,
  source: AnyExportSource,
  { question, first, rest }: Asked,
): AsyncGenerator<Uint8Array, void> {
  const pages = first.done === true ? rest : withFirst([first.value], rest);
  return form.written(source, pages, { isContinued: question.after !== undefined });
}

/** The first one is kept by nothing once it is told: not by a function made for this call, which would outlive it. */
async function* withFirst(first: ExportPage<unknown>[], rest: Pages): Pages {
  yield* first.splice(0);
  yield* rest;
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

function notContinuable(): AppError {
  return new AppError(
    "bad_request",
    "after: a Parquet file cannot be gone on with: ask for a day at a time, by from and to",
  );
}

/** One of the places; free again when it is disposed of. */
function taken(running: { count: number }): Disposable {
  if (running.count >= EXPORTS_AT_ONCE_MAX) throw tooMany();
  running.count += 1;
  return { [Symbol.dispose]: () => void (running.count -= 1) };
}

function tooMany(): AppError {
  return new AppError(
    "limit_exceeded",
    `${EXPORTS_AT_ONCE_MAX} exports are being written: wait until one has ended`,
    { retryAfterMs: 10_000 },
  );
}

/** With the time at which it was asked for: "truechimer-checks-2026-03-01T120000Z.csv". */
function fileName({ clock }: ServerContext, name: string): string {
  const at = new Date(Number(clock.nowNs() / 1_000_000n)).toISOString().slice(0, 19);
  return `truechimer-${name.replace(".", `-${at.replaceAll(":", "")}Z.`)}`;
}
