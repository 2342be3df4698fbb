// Which rules a request asks about, and over which range.

import { isDeepStrictEqual } from "node:util";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { AppError } from "@truechimer/base";
import {
  type JsonValue,
  nsFromTimestamptz,
  type Schema,
  timestamptzFromNs,
} from "@truechimer/database";
import {
  BUILT_IN_RULE_DOCUMENTS,
  BUILT_IN_RULE_SETS,
  parseRuleSet,
  type RuleSet,
  ruleProblemText,
  ruleSetText,
} from "@truechimer/scoring";
import type { Kysely } from "kysely";
import { instantOf } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";

export interface AskedRules {
  readonly rules: RuleSet;
  readonly document: JsonValue;
}

/** What a person can write by hand, and is parsed in a moment. */
const DOCUMENT_CHARACTERS_MAX = 65_536;
const DAY_NS = 86_400_000_000_000n;
const DAYS_NORMAL = 7n;

/** Fails with bad_request for a document that is wrong, telling all that is; with not_found for a set that nobody stored. */
export async function askedRules(
  { database }: Pick<ServerContext, "database">,
  { documentJson, ruleSetId }: { readonly documentJson: string; readonly ruleSetId: string },
): Promise<AskedRules> {
  if ((documentJson === "") === (ruleSetId === ""))
    throw new AppError("bad_request", "expected one of document_json and rule_set_id");
  const document =
    documentJson === ""
      ? await storedDocument(database.kysely, ruleSetId)
      : parsedJson(documentJson);
  const parsed = parseRuleSet(document);
  if (!parsed.ok) {
    const problems = parsed.error.map(ruleProblemText);
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new AppError("bad_request", `the rule set has ${count}:\n${problems.join("\n")}`);
  }
  await refuseOtherRules(database.kysely, parsed.value, document);
  return { rules: parsed.value, document };
}

/** A document as it was stored, or as it is built in. */
async function storedDocument(kysely: Kysely<Schema>, id: string): Promise<JsonValue> {
  const builtIn = builtInDocument(id);
  if (builtIn !== undefined) return builtIn;
  const [name = "", version = ""] = id.split("/");
  const row = /^\d{1,7}$/.test(version)
    ? await kysely
        .selectFrom("rule_sets")
        .select("document")
        .where("name", "=", name)
        .where("version", "=", Number(version))
        .executeTakeFirst()
    : undefined;
  if (row !== undefined) return row.document;
  throw new AppError(
    "not_found",
    `there is no rule set "${id.slice(0, 50)}": expected a name and a version, such as ${ruleSetText(BUILT_IN_RULE_SETS[0] ?? { name: "strict", version: 1 })}`,
  );
}

/** A name and version stand for one set of rules, for ever. */
async function refuseOtherRules(
  kysely: Kysely<Schema>,
  rules: RuleSet,
  document: JsonValue,
): Promise<void> {
  const id = ruleSetText(rules);
  const builtIn = builtInDocument(id);
  const stored =
    builtIn ??
    (
      await kysely
        .selectFrom("rule_sets")
        .select("document")
        .where("name", "=", rules.name)
        .where("version", "=", rules.version)
        .executeTakeFirst()
    )?.document;
  if (stored === undefined || isDeepStrictEqual(stored, document)) return;
  throw new AppError(
    "conflict",
    `${id} is stored with other rules, which results may name: give the document another version`,
  );
}

export function builtInDocument(id: string): JsonValue | undefined {
  const index = BUILT_IN_RULE_SETS.findIndex((set) => ruleSetText(set) === id);
  return BUILT_IN_RULE_DOCUMENTS[index] as JsonValue | undefined;
}

function parsedJson(text: string): JsonValue {
  if (text.length > DOCUMENT_CHARACTERS_MAX)
    throw new AppError(
      "bad_request",
      `document_json has ${text.length} characters: at most ${DOCUMENT_CHARACTERS_MAX}`,
    );
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "it cannot be read";
    throw new AppError("bad_request", `document_json is not JSON: ${why}`, { cause });
  }
}

export interface AskedRange {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Fails with bad_request for a range that is empty. */
export function askedRange(
  { clock }: Pick<ServerContext, "clock">,
  { from, to }: { readonly from?: Timestamp | undefined; readonly to?: Timestamp | undefined },
): AskedRange {
  const nowNs = clock.nowNs();
  const given = (instant: Timestamp | undefined): bigint | undefined => {
    const text = instantOf(instant);
    return text === undefined ? undefined : nsFromTimestamptz(text);
  };
  const askedToNs = given(to) ?? nowNs;
  const toNs = askedToNs > nowNs ? nowNs : askedToNs;
  const fromNs = given(from) ?? toNs - DAYS_NORMAL * DAY_NS;
  if (fromNs < toNs) return { fromNs, toNs };
  throw new AppError(
    "bad_request",
    `from ${timestamptzFromNs(fromNs)} is not before to ${timestamptzFromNs(toNs)}: expected an earlier instant`,
  );
}
