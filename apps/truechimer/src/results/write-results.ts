// Page by page from the control plane to the output, holding no more than one page. Checks of the newest instant that was
// read wait until it is known that there are no more of it: whoever interrupts is told an instant at which the rest begins
// exactly, with none twice and none missing.

import { adminV1, instantText } from "@truechimer/api";
import type { AdminClient } from "../admin-client.ts";
import type { CliContext } from "../cli-context.ts";
import { patiently } from "./patiently.ts";
import type { ResultsOrder, ResultsWriter } from "./results-writer.ts";

/** Larger pages are hardly faster, and hold up whoever asks beside us. */
const PAGE_SIZE = 500;
type Listed = adminV1.ListedCheck;
type Request = Pick<adminV1.ListResultsRequest, "filter" | "serverIds"> &
  Partial<Pick<adminV1.ListResultsRequest, "from" | "to">>;

export interface Writing {
  readonly client: AdminClient;
  readonly writer: ResultsWriter;
  readonly request: Request;
  readonly order: ResultsOrder;
  /** Infinity: all. */
  readonly limit: number;
}

/** `gone`: whoever read the output has left. */
export type WritingEnd = "done" | "interrupted" | "gone";

export async function writeResults(context: CliContext, writing: Writing): Promise<WritingEnd> {
  const { writer, order } = writing;
  const signal = context.stopSignal();
  let written = 0;
  let held: readonly Listed[] = [];
  let begun = false;
  try {
    for await (const page of pages(context, writing, signal)) {
      if (!begun) writer.begin();
      begun = true;
      const all = [...held, ...page.checks];
      const left = writing.limit - written;
      const isLast = page.nextPageToken === "" || all.length >= left;
      const ready = isLast ? all.slice(0, left) : withoutLastInstant(all);
      held = all.slice(ready.length);
      writer.write(ready);
      written += ready.length;
      if ((await context.stdoutTaken?.()) === false) return "gone";
      if (isLast) {
        writer.end();
        return "done";
      }
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted) {
      if (written > 0) tellRest(context, { order, written, held, writing });
      throw error;
    }
  }
  // What was written is whole: an array is closed, too.
  if (begun) writer.end();
  tellRest(context, { order, written, held, writing });
  return "interrupted";
}

function withoutLastInstant(checks: readonly Listed[]): readonly Listed[] {
  const last = instantText(checks.at(-1)?.check?.at);
  const from = checks.findIndex(({ check }) => instantText(check?.at) === last);
  return from < 0 ? checks : checks.slice(0, from);
}

async function* pages(
  context: CliContext,
  { client, request, order, limit }: Writing,
  signal: AbortSignal,
): AsyncGenerator<adminV1.ListResultsResponse, void> {
  const { NEWEST_FIRST, OLDEST_FIRST } = adminV1.ResultOrder;
  const asked = {
    ...request,
    order: order === "newest" ? NEWEST_FIRST : OLDEST_FIRST,
    pageSize: Math.min(PAGE_SIZE, limit),
  };
  let pageToken = "";
  let isFirst = true;
  do {
    const ask = (): Promise<adminV1.ListResultsResponse> =>
      client.listResults({ ...asked, pageToken }, { signal });
    // What is wrong from the beginning is told at once.
    const page = isFirst ? await ask() : await patiently(context, signal, ask);
    isFirst = false;
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

/** For a person, on the other output. */
function tellRest(
  context: CliContext,
  rest: {
    readonly order: ResultsOrder;
    readonly written: number;
    readonly held: readonly Listed[];
    readonly writing: Writing;
  },
): void {
  const { order, written, held, writing } = rest;
  const option = order === "oldest" ? "--from" : "--to";
  const begin = order === "oldest" ? writing.request.from : writing.request.to;
  const at = held[0]?.check?.at ?? begin;
  const remedy =
    at === undefined
      ? "begin again"
      : `the rest is ${option} ${order === "oldest" ? instantText(at) : afterText(at)}`;
  context.stderr(`truechimer: ended after ${written} checks; ${remedy}\n`);
}

/** The end of a range is excluded: a microsecond later, the instant is within it. */
function afterText(at: { readonly seconds: bigint; readonly nanos: number }): string {
  const nanos = at.nanos + 1_000;
  return nanos < 1_000_000_000
    ? instantText({ seconds: at.seconds, nanos })
    : instantText({ seconds: at.seconds + 1n, nanos: nanos - 1_000_000_000 });
}
