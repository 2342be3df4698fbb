// The policy of each server: the fleet's, as configured and as the setting `selection` changes it, and the server's own
// differences. Unknown keys and wrong values are refused by name.

import { AppError } from "@truechimer/base";
import {
  POOL_SELECTION,
  PRIVATE_SELECTION,
  SELECTION_POLICIES,
  type SelectionPolicy,
} from "@truechimer/selection";

/** A policy with differences from JSON: of a file, a setting, or a server. `policy` names another one to start from. */
export function changedPolicy(
  base: SelectionPolicy,
  value: unknown,
  where: string,
): SelectionPolicy {
  const changes = objectOf(value, where);
  const { policy: name, ...others } = changes;
  const start = name === undefined ? base : namedPolicy(name, where);
  const known: Readonly<Record<string, unknown>> = { ...POOL_SELECTION };
  const accepted: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(others)) {
    if (key === "name" || !(key in known)) {
      throw problem(where, key, given, `one of policy, ${Object.keys(known).slice(1).join(", ")}`);
    }
    accepted[key] = acceptedValue({ where, key, like: known[key] }, given);
  }
  return { ...start, ...accepted };
}

/** Lab servers are watched by the lab's monitors, which stand in one place by design. */
export function labPolicy(): SelectionPolicy {
  return PRIVATE_SELECTION;
}

function namedPolicy(name: unknown, where: string): SelectionPolicy {
  const policy = typeof name === "string" ? SELECTION_POLICIES.get(name) : undefined;
  if (policy !== undefined) return policy;
  throw problem(where, "policy", name, `one of ${[...SELECTION_POLICIES.keys()].join(", ")}`);
}

interface Expected {
  readonly where: string;
  readonly key: string;
  /** The value of the pool's policy: of the same kind. */
  readonly like: unknown;
}

/** Limits that may be absent, and so may be null. */
const NULLABLE = new Set([
  "sameSubnetBits",
  "diversityBits",
  "accountLimit",
  "budget",
  "shortageBudget",
]);
const NUMBER_MAX = 1e9;

function acceptedValue(expected: Expected, given: unknown): unknown {
  const { where, key, like } = expected;
  if (given === null && NULLABLE.has(key)) return null;
  if (key === "quality") {
    const kind = (given as { readonly kind?: unknown } | null)?.kind ?? given;
    if (kind === "priority" || kind === "information") return { kind };
    throw problem(where, key, given, '"priority" or "information"');
  }
  if (typeof like === "number") {
    if (typeof given === "number" && given >= 0 && given <= NUMBER_MAX) return given;
    throw problem(where, key, given, `a number from 0 to ${NUMBER_MAX}`);
  }
  if (typeof like === "boolean") {
    if (typeof given === "boolean") return given;
    throw problem(where, key, given, "true or false");
  }
  const inner: Readonly<Record<string, unknown>> = { ...(like as object) };
  const values = objectOf(given, `${where}.${key}`);
  const wrong = Object.keys(values).find((name) => !(name in inner));
  if (wrong !== undefined) {
    throw problem(`${where}.${key}`, wrong, values[wrong], Object.keys(inner).join(", "));
  }
  const accepted: Record<string, unknown> = { ...inner };
  for (const [name, number] of Object.entries(values)) {
    accepted[name] = acceptedValue(
      { where: `${where}.${key}`, key: name, like: inner[name] },
      number,
    );
  }
  return accepted;
}

function objectOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new AppError("bad_request", `${where} must be a JSON object, such as {"accountLimit": 3}`);
}

function problem(where: string, key: string, given: unknown, expected: string): AppError {
  const shown = JSON.stringify(given)?.slice(0, 100) ?? "nothing";
  return new AppError("bad_request", `${where}: ${key} is ${shown}, expected ${expected}`);
}
