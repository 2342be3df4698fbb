// Messages of the contract as JSON Schema, in the form that Protocol Buffers' own JSON has. protobuf.dev, "ProtoJSON Format".

import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { CONTRACT_COMMENTS } from "@truechimer/api/comments";

/** JSON Schema, draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas by the name of their message or enumeration, with all that they are made of. */
export function messageSchemas(
  messages: readonly DescMessage[],
): Readonly<Record<string, JsonSchema>> {
  const schemas = new Map<string, JsonSchema>();
  const waiting = [...messages];
  for (let message = waiting.pop(); message !== undefined; message = waiting.pop()) {
    if (schemas.has(message.typeName)) continue;
    const wellKnown = WELL_KNOWN[message.typeName];
    schemas.set(message.typeName, wellKnown ?? messageSchema(message));
    if (wellKnown !== undefined) continue;
    for (const field of message.fields) {
      if (field.message !== undefined) waiting.push(field.message);
      if (field.enum !== undefined) schemas.set(field.enum.typeName, enumSchema(field.enum));
    }
  }
  return Object.fromEntries([...schemas].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Where the own schema of a message, or of an enumeration, stands. */
export function schemaOf({ typeName }: DescMessage | DescEnum): JsonSchema {
  return { $ref: `#/components/schemas/${typeName}` };
}

const WELL_KNOWN: Readonly<Record<string, JsonSchema>> = {
  "google.protobuf.Timestamp": {
    type: "string",
    format: "date-time",
    description: 'In UTC, up to nine decimals: "2026-03-01T12:00:00.250125Z".',
  },
  "google.protobuf.Duration": {
    type: "string",
    pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$",
    description: 'Seconds, up to nine decimals: "0.250s".',
  },
};

/** `description`: what the contract says of what has this full name, and then more. Empty: it says nothing. */
export function described(name: string, ...more: readonly string[]): JsonSchema {
  const said = CONTRACT_COMMENTS[name];
  const texts = [...(said === undefined ? [] : [said]), ...more];
  return texts.length === 0 ? {} : { description: texts.join("\n\n") };
}

/** A field that has its default is left out of answers, and may be left out of questions. */
function messageSchema({ fields, typeName }: DescMessage): JsonSchema {
  return {
    title: shortName(typeName),
    ...described(typeName),
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.jsonName, fieldSchema(field)])),
    additionalProperties: false,
  };
}

function shortName(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf(".") + 1);
}

function fieldSchema(field: DescField): JsonSchema {
  const { parent, name, oneof } = field;
  const choice =
    oneof === undefined
      ? []
      : [`At most one of ${oneof.fields.map(({ jsonName }) => jsonName).join(", ")} is there.`];
  return { ...typeSchema(field), ...described(`${parent.typeName}.${name}`, ...choice) };
}

function typeSchema(field: DescField): JsonSchema {
  switch (field.fieldKind) {
    case "list":
      return { type: "array", items: valueSchema(field, field.listKind) };
    case "map":
      return { type: "object", additionalProperties: valueSchema(field, field.mapKind) };
    default:
      return valueSchema(field, field.fieldKind);
  }
}

function valueSchema(field: DescField, kind: "scalar" | "enum" | "message"): JsonSchema {
  if (kind === "message" && field.message !== undefined) return schemaOf(field.message);
  if (kind === "enum" && field.enum !== undefined) return schemaOf(field.enum);
  return SCALARS[field.scalar as ScalarType];
}

function enumSchema({ typeName, values }: DescEnum): JsonSchema {
  const names = values.map(({ name }) => name);
  const meanings = names.flatMap((name) => {
    const said = CONTRACT_COMMENTS[`${typeName}.${name}`];
    return said === undefined ? [] : [`* \`${name}\`: ${said}`];
  });
  return {
    title: shortName(typeName),
    ...described(typeName, ...(meanings.length === 0 ? [] : [meanings.join("\n")])),
    type: "string",
    enum: names,
  };
}

/** 64 bits are texts in JSON, because its numbers do not hold them. */
const INT64: JsonSchema = { type: "string", pattern: "^-?[0-9]+$", format: "int64" };
const UINT64: JsonSchema = { type: "string", pattern: "^[0-9]+$", format: "uint64" };
const INT32: JsonSchema = { type: "integer", format: "int32" };
const UINT32: JsonSchema = { type: "integer", format: "uint32", minimum: 0 };
/** JSON has no number for the others. */
const REAL: JsonSchema = {
  oneOf: [{ type: "number" }, { type: "string", enum: ["NaN", "Infinity", "-Infinity"] }],
};

const SCALARS: Readonly<Record<ScalarType, JsonSchema>> = {
  [ScalarType.DOUBLE]: REAL,
  [ScalarType.FLOAT]: REAL,
  [ScalarType.INT64]: INT64,
  [ScalarType.SINT64]: INT64,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.FIXED64]: UINT64,
  [ScalarType.INT32]: INT32,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.UINT32]: UINT32,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
};
