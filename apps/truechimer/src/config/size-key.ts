// A size of memory in a configuration: text with a unit, within limits that the message names.

import * as z from "zod";
import { kindOf } from "./duration-key.ts";

const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
]);
const SIZE = /^(\d{1,9}(?:\.\d{1,3})?)(KiB|MiB|GiB)$/;

export interface SizeLimits {
  /** As a person would write them; both inclusive. */
  readonly min: string;
  readonly max: string;
}

/** Gives bytes. */
export function sizeKey(limits: SizeLimits): z.ZodType<number> {
  const schema = z.unknown().transform((value, context): number => {
    const bytes = typeof value === "string" ? bytesOf(value) : undefined;
    if (bytes === undefined) {
      const message = `${kindOf(value)} is no size: expected one such as "512MiB" or "2GiB"`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
    if (bytes < (bytesOf(limits.min) ?? 0) || bytes > (bytesOf(limits.max) ?? 0)) {
      const message = `"${String(value)}" is out of range: expected at least ${limits.min} and at most ${limits.max}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
    return bytes;
  });
  return schema.meta({ kind: "size", from: limits.min, to: limits.max });
}

function bytesOf(text: string): number | undefined {
  const [, count, unit = ""] = SIZE.exec(text) ?? [];
  const factor = UNIT_BYTES.get(unit);
  return factor === undefined ? undefined : Math.round(Number(count) * factor);
}
