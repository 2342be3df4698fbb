// One GET of an export: its bytes as they come, or the coded error that it was refused with.

import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { AppError } from "@truechimer/base";
import { type AdminAccess, ERROR_CODE_HEADER, errorOfCode } from "../admin-client.ts";
import { connectionFailure } from "../connection-failure.ts";

/** Until the first byte: the first rows of a filter that hardly anything passes. */
const ANSWER_TIMEOUT_MS = 60_000;
const REFUSAL_BYTES_MAX = 65_536;

/** @param path with its parameters: "/export/checks.csv?from=…" */
export async function openExport(
  { url, key, authoritiesPem }: AdminAccess,
  path: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const address = new URL(path, url);
  const ask = address.protocol === "https:" ? httpsRequest : httpRequest;
  const request = ask(address, {
    agent: false,
    ...(authoritiesPem === undefined ? {} : { ca: authoritiesPem }),
    headers: { authorization: `Bearer ${key}` },
    signal,
  });
  request.setTimeout(ANSWER_TIMEOUT_MS, () => request.destroy(new Error("no answer in time")));
  request.end();
  try {
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    // A slow reader holds back what comes: silence is no fault from here on.
    request.setTimeout(0);
    if (answer.statusCode === 200) return answer;
    throw await refusalOf(answer);
  } catch (error) {
    throw error instanceof AppError ? error : connectionFailure(url, error);
  }
}

/** Whether the other side went away, and not our own that failed. */
export function isOfConnection(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNRESET" || code === "EPIPE" || code === "ETIMEDOUT";
}

async function refusalOf(answer: IncomingMessage): Promise<AppError> {
  let text = "";
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > REFUSAL_BYTES_MAX) break;
  }
  const metadata = new Headers(
    Object.entries(answer.headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as [string, string]] : [],
    ),
  );
  const cause = Object.assign(new Error(`HTTP ${answer.statusCode}`), { metadata });
  const message = messageOf(text) ?? `the export was refused with ${answer.statusCode}`;
  return (
    errorOfCode(metadata.get(ERROR_CODE_HEADER), message, cause) ??
    new AppError("bad_answer", message, { cause })
  );
}

function messageOf(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}
