// `/openapi.json`: what plain HTTP clients can ask. It tells nothing of this installation but its address.

import type { FastifyInstance } from "fastify";
import { openApiDocument } from "../openapi/openapi-document.ts";
import type { HttpAppOptions } from "./http-options.ts";

export function registerOpenApi(
  scope: FastifyInstance,
  { version, publicUrl }: Pick<HttpAppOptions, "publicUrl"> & { readonly version: string },
): void {
  scope.get("/openapi.json", async (_request, reply) =>
    reply
      .type("application/json; charset=utf-8")
      .header("cache-control", "no-cache")
      .send(JSON.stringify(openApiDocument({ version, url: publicUrl() }))),
  );
}
