// The reference of the configuration, out of the schema itself: every key with what it takes, its default and its meaning, and
// the variables of the environment.

import { assert } from "@truechimer/base";
import * as z from "zod";
import { configSchema } from "./config-schema.ts";
import { CONFIG_WORDS, OTHER_VARIABLES } from "./config-words.ts";
import { KEY_VARIABLES } from "./load-config.ts";

/** In Markdown. */
export interface ReferenceKey {
  /** With dots between tables: "listen.port". */
  readonly key: string;
  /** Kind and range: "duration, 1 s to 1 d". */
  readonly value: string;
  readonly default: string;
  readonly meaning: string;
}

export interface ReferenceVariable {
  readonly variable: string;
  /** A key, or in words. */
  readonly sets: string;
}

/** In the order of the schema. */
export function configKeys(): readonly ReferenceKey[] {
  const shape = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
  return leaves(shape as Shape, []).map(([key, leaf]) => {
    const words = CONFIG_WORDS[key];
    assert(words !== undefined, `the key ${key} has no words in config-words.ts`);
    return { key, value: valueText(leaf), ...words };
  });
}

export function configVariables(): readonly ReferenceVariable[] {
  return [
    ...KEY_VARIABLES.map(({ name, path }) => ({ variable: name, sets: `\`${path.join(".")}\`` })),
    ...Object.entries(OTHER_VARIABLES).map(([variable, sets]) => ({ variable, sets })),
  ];
}

/** Of JSON Schema, and what duration-key.ts and size-key.ts add to it. */
interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly kind?: string;
  readonly from?: string;
  readonly to?: string;
}

function leaves(
  { properties }: Shape,
  path: readonly string[],
): readonly (readonly [key: string, leaf: Shape])[] {
  return Object.entries(properties ?? {}).flatMap(([name, inner]) => {
    const here = [...path, name];
    return inner.properties === undefined
      ? [[here.join("."), inner] as const]
      : leaves(inner, here);
  });
}

function valueText(leaf: Shape): string {
  const { kind, from = "", to = "" } = leaf;
  if (kind !== undefined) return `${kind}, ${spaced(from)} to ${spaced(to)}`;
  if (leaf.enum !== undefined) return leaf.enum.map((word) => `\`"${word}"\``).join(", ");
  switch (leaf.type) {
    case "boolean":
      return "`true` or `false`";
    case "integer":
      return `whole number${rangeText(leaf)}`;
    case "number":
      return `number${rangeText(leaf)}`;
    case "array":
      return `${listText(leaf)}${leaf.maxItems === undefined ? "" : `, at most ${leaf.maxItems}`}`;
    case "object":
      return "table";
    default:
      return leaf.maxLength === undefined ? "text" : `text, at most ${leaf.maxLength} characters`;
  }
}

function listText({ items = {} }: Shape): string {
  if (items.properties !== undefined) return "list of tables";
  return items.enum === undefined ? "list of texts" : `list of ${valueText(items)}`;
}

/** More is no limit for anybody. */
const NO_LIMIT = 1_000_000_000;

function rangeText({ minimum, maximum }: Shape): string {
  if (minimum === undefined) return "";
  return maximum === undefined || maximum >= NO_LIMIT
    ? ` from ${minimum}`
    : `, ${minimum} to ${maximum}`;
}

/** "1m" as "1 min", "16MiB" as "16 MiB". */
function spaced(text: string): string {
  return text.replace(/^(\d+)([A-Za-z]+)$/, (_all, count: string, unit: string) =>
    unit === "m" ? `${count} min` : `${count} ${unit}`,
  );
}
