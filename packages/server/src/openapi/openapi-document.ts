// The API for people's own programs, as plain HTTP clients see it: OpenAPI 3.1, made from the contract itself, so that it
// cannot say something else.

import { exportPaths, scoreLogPaths } from "./file-paths.ts";
import { described, type JsonSchema, messageSchemas } from "./message-schema.ts";
import { DESCRIBED_SERVICES, procedurePaths } from "./procedure-paths.ts";

export function openApiDocument({
  version,
  url,
}: {
  readonly version: string;
  readonly url: string;
}): JsonSchema {
  return {
    openapi: "3.1.0",
    info: {
      title: "Truechimer",
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "Procedures are called by POST with a JSON object, {} where nothing is to be said. What has its default is left out of answers. Procedures that answer with a stream say how their frames are read.",
    },
    servers: [{ url }],
    security: [{ key: [] }],
    tags: [
      ...DESCRIBED_SERVICES.map(({ service: { name, typeName } }) => ({
        name,
        ...described(typeName),
      })),
      { name: "Exports" },
      { name: "Score log" },
    ],
    paths: { ...procedurePaths(), ...exportPaths(), ...scoreLogPaths() },
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key, which begins with tca_." },
      },
      responses: {
        Refusal: {
          description: "It was refused, or failed.",
          headers: {
            "truechimer-error-code": {
              description: "Our own code, finer than `code`.",
              schema: { type: "string" },
            },
          },
          content: { "application/json": { schema: { $ref: "#/components/schemas/Refusal" } } },
        },
      },
      schemas: { Refusal: REFUSAL, ...schemas() },
    },
  };
}

/** Of Connect: connectrpc.com, "Protocol reference", "Error codes". */
const REFUSAL: JsonSchema = {
  type: "object",
  required: ["code"],
  properties: {
    code: { type: "string", description: "Connect's code, such as permission_denied." },
    message: { type: "string", description: "What was wrong, the value, and the remedy." },
    details: { type: "array", items: { type: "object" } },
  },
};

function schemas(): Readonly<Record<string, JsonSchema>> {
  return messageSchemas(
    DESCRIBED_SERVICES.flatMap(({ service }) =>
      service.methods.flatMap(({ input, output }) => [input, output]),
    ),
  );
}
