// `fetch` over Node's own HTTP client, which takes a root of our own and ends by a time limit; answers are small, and read whole.

import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

export interface NodeFetchOptions {
  /** PEM. Absent: the system's roots. */
  readonly rootPem: string | undefined;
  /** For a whole request. */
  readonly timeoutMs: number;
}

/** Statuses whose answers have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Bodies are bytes or texts. Rejects with a TimeoutError at the time limit, which Node's client calls an AbortError, too. */
export function createNodeFetch(options: NodeFetchOptions): typeof fetch {
  return async (input, init = {}) => {
    const limit = AbortSignal.timeout(options.timeoutMs);
    try {
      return await ask(options, { input, init, limit });
    } catch (error) {
      if (limit.aborted && init.signal?.aborted !== true) throw limit.reason;
      throw error;
    }
  };
}

interface Asked {
  readonly input: Parameters<typeof fetch>[0];
  readonly init: RequestInit;
  readonly limit: AbortSignal;
}

async function ask(
  { rootPem }: NodeFetchOptions,
  { input, init, limit }: Asked,
): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  const { method = "GET", headers, body } = init;
  const signal = AbortSignal.any([limit, ...(init.signal ? [init.signal] : [])]);
  const options = { method, headers: Object.fromEntries(new Headers(headers)), signal };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? httpsRequest(
            url,
            { ...options, ...(rootPem === undefined ? {} : { ca: rootPem }) },
            resolve,
          )
        : httpRequest(url, options, resolve);
    request.once("error", reject);
    request.end(body === undefined || body === null || body === "" ? undefined : body);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const status = answer.statusCode ?? 0;
  return new Response(BODILESS.has(status) ? null : Buffer.concat(chunks), {
    status,
    headers: Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(", ")] as [string, string]],
    ),
  });
}
