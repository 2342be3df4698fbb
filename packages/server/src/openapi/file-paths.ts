// What is had by a plain GET, as paths of OpenAPI: exports and the score log.

import { EXPORT_TABLES, type ExportTable, type ExportTableName } from "@truechimer/api";
import { EXPORT_FORMS, type ExportForm } from "../exports/export-forms.ts";
import { exportParameters } from "../exports/export-question.ts";
import type { JsonSchema } from "./message-schema.ts";

export function exportPaths(): Readonly<Record<string, JsonSchema>> {
  const tables = Object.entries(EXPORT_TABLES) as readonly [ExportTableName, ExportTable][];
  return Object.fromEntries(
    tables.flatMap(([name, table]) =>
      Object.entries<ExportForm>(EXPORT_FORMS).map(([extension, form]) => [
        `/export/${name}.${extension}`,
        { get: exportOperation(`${name}.${extension}`, table, form) },
      ]),
    ),
  );
}

function exportOperation(file: string, table: ExportTable, form: ExportForm): JsonSchema {
  const names = exportParameters(table).filter((name) => form.isContinuable || name !== "after");
  return {
    operationId: `Export_${file.replace(".", "_")}`,
    tags: ["Exports"],
    summary: `Export ${file}`,
    description: `Of ${table.meaning}. Columns: ${table.columns.map(({ name }) => name).join(", ")}.`,
    parameters: names.map((name) => ({
      name,
      in: "query",
      ...EXPORT_PARAMETERS[name],
      ...(name === "after" && {
        description: `Go on after the row with this ${table.key.join(",")}.`,
      }),
    })),
    responses: fileResponses(form.contentType),
  };
}

const EXPORT_PARAMETERS: Readonly<Record<string, JsonSchema>> = {
  filter: {
    description: "Only rows that pass, in the filter language.",
    schema: { type: "string" },
  },
  from: { description: 'From then on: "2026-11-28T14:00Z", "now-1d".', schema: { type: "string" } },
  to: { description: "Before then; by default now.", schema: { type: "string" } },
  order: { description: "Which first.", schema: { type: "string", enum: ["oldest", "newest"] } },
  after: { schema: { type: "string" } },
  server_id: {
    description: "Only of these servers.",
    schema: { type: "array", items: { type: "string", pattern: "^[0-9]{1,18}$" }, maxItems: 64 },
    explode: true,
  },
};

export function scoreLogPaths(): Readonly<Record<string, JsonSchema>> {
  const operation = (mode: string, contentType: string): JsonSchema => ({
    operationId: `ScoreLog_${mode}`,
    tags: ["Score log"],
    summary: `Score log as ${mode === "log" ? "CSV" : "JSON"}`,
    parameters: [
      {
        name: "server",
        in: "path",
        required: true,
        description: "Address, address and port, or number of the server.",
        schema: { type: "string" },
      },
      {
        name: "monitor",
        in: "query",
        description: 'A monitor; "*": all.',
        schema: { type: "string" },
      },
      {
        name: "since",
        in: "query",
        description: "Unix seconds.",
        schema: { type: "integer", minimum: 0 },
      },
      { name: "limit", in: "query", description: "Rows.", schema: { type: "integer", minimum: 1 } },
    ],
    responses: fileResponses(contentType),
  });
  return {
    "/scores/{server}/log": { get: operation("log", "text/plain; charset=utf-8") },
    "/scores/{server}/json": { get: operation("json", "application/json; charset=utf-8") },
  };
}

function fileResponses(contentType: string): JsonSchema {
  return {
    "200": { description: "The file.", content: { [contentType]: {} } },
    default: { $ref: "#/components/responses/Refusal" },
  };
}
