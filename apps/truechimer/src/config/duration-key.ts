// A duration in a configuration: text with a unit, within limits that the message names.

import { parseDurationMs } from "@truechimer/base";
import * as z from "zod";

export interface DurationLimits {
  /** As a person would write them; both inclusive. */
  readonly min: string;
  readonly max: string;
}

/** Gives milliseconds. A bare number is refused: a reader cannot know what it counts. */
export function durationKey(limits: DurationLimits): z.ZodType<number> {
  const schema = z.unknown().transform((value, context): number => {
    const read = readDuration(value, limits);
    if (typeof read === "number") return read;
    context.addIssue({ code: "custom", message: read });
    return z.NEVER;
  });
  return schema.meta({ kind: "duration", from: limits.min, to: limits.max });
}

function readDuration(value: unknown, limits: DurationLimits): number | string {
  if (typeof value === "number") {
    return `${value} has no unit: expected a duration such as "${limits.min}" or "90s"`;
  }
  if (typeof value !== "string") {
    return 'expected a duration in quotes such as "90s"';
  }
  const parsed = parseDurationMs(value);
  if (!parsed.ok) return parsed.error;
  if (parsed.value < limitMs(limits.min) || parsed.value > limitMs(limits.max)) {
    return `"${value}" is out of range: expected at least ${limits.min} and at most ${limits.max}`;
  }
  return parsed.value;
}

/** Enough to recognise a value by. */
const SHOWN_CHARACTERS_MAX = 60;

/** What a person would call the kind of a TOML value. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  const text = typeof value === "bigint" ? value.toString() : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

function limitMs(text: string): number {
  const parsed = parseDurationMs(text);
  return parsed.ok ? parsed.value : 0;
}
