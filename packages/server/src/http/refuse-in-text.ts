// A refusal of what a browser navigates to: words, and the code in a header.

import type { FastifyReply } from "fastify";
import { ERROR_CODE_HEADER } from "./connect-error.ts";
import type { CallRefusal } from "./connect-plugin.ts";

export async function refuseInText(
  reply: FastifyReply,
  { status, headers, code, message }: CallRefusal,
): Promise<void> {
  await reply
    .code(status)
    .headers({ ...headers, [ERROR_CODE_HEADER]: code })
    .type("text/plain; charset=utf-8")
    .send(`${message}\n`);
}
