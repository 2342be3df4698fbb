// A proxy before an HTTP server, which answers as an overloaded one does, or not at all, when it is told to.

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** `busy`: 503, as S3 says it. `silent`: the question is taken, and nothing comes back. */
export type Fault = "none" | "busy" | "silent";

export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  /**
   * From the next question on.
   *
   * @param methods which questions. Absent: all.
   */
  set(fault: Fault, methods?: readonly string[]): void;
}

const BUSY = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`;

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let fault: Fault = "none";
  let faulty: readonly string[] | undefined;
  const server = createServer((asked, answer) => {
    const { method = "GET", url = "/", headers } = asked;
    if (fault !== "none" && (faulty === undefined || faulty.includes(method))) {
      asked.resume();
      if (fault === "busy") answer.writeHead(503, { "content-type": "application/xml" }).end(BUSY);
      return;
    }
    // The name that was asked for is signed, and passed on.
    const passed = request(new URL(url, target), { method, headers }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(answer);
    });
    passed.once("error", () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (next, methods) => {
      fault = next;
      faulty = methods;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
