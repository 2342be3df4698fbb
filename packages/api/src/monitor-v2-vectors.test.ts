// Each message of monitor.v2 against its vectors, both ways: the octets are what the fields say, and the fields are what
// the octets say. The octets were made from the reference's table of numbers, not by the code that is tested here.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect, type ScalarValue } from "@bufbuild/protobuf/reflect";
import { describe, expect, test } from "vitest";
import { monitorV2 } from "./index.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "..", "vectors", "ntppool", "monitor-v2");
const CASES = 15;

type Fields = { readonly [name: string]: Field };
type Field = string | number | boolean | Fields | readonly Field[];

interface Vector {
  readonly message: string;
  readonly sentBy: "agent" | "server";
  readonly fields: Fields;
  /** Hexadecimal. */
  readonly wire: string;
}

const SCHEMAS: readonly DescMessage[] = [
  monitorV2.GetConfigRequestSchema,
  monitorV2.GetConfigResponseSchema,
  monitorV2.GetServersRequestSchema,
  monitorV2.GetServersResponseSchema,
  monitorV2.SubmitResultsRequestSchema,
  monitorV2.SubmitResultsResponseSchema,
];

function messageOf(schema: DescMessage, fields: Fields): Message {
  const known = new Map(schema.fields.map((field) => [field.name, field]));
  const init = Object.entries(fields).map(([name, value]) => {
    const field = known.get(name);
    if (field === undefined) throw new Error(`${schema.typeName} has no field ${name}`);
    return [field.localName, valueOf(field, value)] as const;
  });
  return create(schema, Object.fromEntries(init));
}

function valueOf(field: DescField, value: Field): unknown {
  if (field.fieldKind === "list") {
    return (value as readonly Field[]).map((each) => singleOf(field, each));
  }
  return singleOf(field, value);
}

function singleOf(field: DescField, value: Field): unknown {
  if (field.message !== undefined) return messageOf(field.message, value as Fields);
  // A number of 64 bits is a decimal text, an octet string hexadecimal; `create` tells them apart by the field.
  if (typeof value !== "string" || field.scalar === undefined) return value;
  if (field.scalar === ScalarType.BYTES) return Uint8Array.from(Buffer.from(value, "hex"));
  return field.scalar === ScalarType.STRING ? value : BigInt(value);
}

/** Only what is set, as the wire has it. */
function fieldsOf(message: ReflectMessage): Fields {
  const set = message.sortedFields.filter((field) => message.isSet(field));
  return Object.fromEntries(
    set.map((field) => {
      if (field.fieldKind === "list") {
        return [field.name, Array.from(message.get(field), (each) => plainOf(field, each))];
      }
      return [field.name, plainOf(field, message.get(field))];
    }),
  );
}

function plainOf(field: DescField, value: unknown): Field {
  if (field.message !== undefined) return fieldsOf(value as ReflectMessage);
  const scalar = value as ScalarValue;
  if (typeof scalar === "bigint") return String(scalar);
  return scalar instanceof Uint8Array ? Buffer.from(scalar).toString("hex") : scalar;
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

function readVector(file: string): { readonly vector: Vector; readonly schema: DescMessage } {
  const vector = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Vector;
  const schema = SCHEMAS.find(({ typeName }) => typeName === vector.message);
  if (schema === undefined) throw new Error(`${vector.message} is not known here`);
  return { vector, schema };
}

test("there are as many cases as this test knows, and each message of the service has one", () => {
  expect(files.length).toBe(CASES);
  const messages = new Set(files.map((file) => readVector(file).vector.message));
  expect([...messages].toSorted()).toEqual(SCHEMAS.map(({ typeName }) => typeName).toSorted());
});

test("every field of every message that is sent stands in a vector", () => {
  const met = new Set<string>();
  const walk = (schema: DescMessage, fields: Fields): void => {
    for (const field of schema.fields) {
      const value = fields[field.name];
      if (value === undefined) continue;
      met.add(`${schema.typeName}.${field.name}`);
      const each = Array.isArray(value) ? (value as readonly Field[]) : [value];
      const { message } = field;
      if (message !== undefined) for (const one of each) walk(message, one as Fields);
    }
  };
  for (const file of files) {
    const { vector, schema } = readVector(file);
    walk(schema, vector.fields);
  }
  const seen = new Set<DescMessage>();
  const reach = (schema: DescMessage): void => {
    if (seen.has(schema)) return;
    seen.add(schema);
    for (const { message } of schema.fields) if (message !== undefined) reach(message);
  };
  for (const schema of SCHEMAS) reach(schema);
  const all = [...seen].flatMap(({ typeName, fields }) =>
    fields.map(({ name }) => `${typeName}.${name}`),
  );
  expect(all.filter((name) => !met.has(name))).toEqual([]);
});

describe.each(files)("%s", (file) => {
  const { vector, schema } = readVector(file);

  test("is written as its octets", () => {
    const bytes = toBinary(schema, messageOf(schema, vector.fields));
    expect(Buffer.from(bytes).toString("hex")).toBe(vector.wire);
  });

  test("is read as its fields, and nothing is left over", () => {
    const message = fromBinary(schema, Buffer.from(vector.wire, "hex"));
    expect(fieldsOf(reflect(schema, message))).toEqual(vector.fields);
    expect(message.$unknown).toBeUndefined();
  });
});
