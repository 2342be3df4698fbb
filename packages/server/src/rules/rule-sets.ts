// The rule sets of an installation: those that are built in, and those that somebody has stored. A set is never changed, so
// what was read once is remembered; which one is in force is asked in each transaction that depends on it.

import type { Schema } from "@truechimer/database";
import {
  builtInRuleSet,
  NTP_POOL_RECENT_MEDIAN,
  parseRuleSet,
  type RuleSet,
  ruleSetText,
  ruleSetTextOf,
} from "@truechimer/scoring";
import { type Kysely, sql } from "kysely";

export interface RuleSets {
  /** The one in force, as the transaction sees it. */
  active(database: Kysely<Schema>): Promise<RuleSet>;
  /** The one in force, where the transaction has read which that is. */
  inForce(database: Kysely<Schema>, text: string | undefined): Promise<RuleSet>;
  /** By "name/version". Undefined: there is none. */
  named(database: Kysely<Schema>, text: string): Promise<RuleSet | undefined>;
  /** Which set results were stepped by, each by what is kept beside it. */
  ofResults(database: Kysely<Schema>, results: readonly RuledResult[]): Promise<RuleSetOf>;
}

/** A result with the rule that is kept beside it, such as "ntp_pool_recentmedian/1/offset_good". */
export interface RuledResult {
  readonly rule: string;
}

/** A result that names no set is of the time before sets were data. */
export type RuleSetOf = (result: RuledResult) => RuleSet;

export function createRuleSets(): RuleSets {
  const known = new Map<string, RuleSet>();
  const named = async (database: Kysely<Schema>, text: string): Promise<RuleSet | undefined> => {
    const found = builtInRuleSet(text) ?? known.get(text);
    if (found !== undefined) return found;
    const stored = await readRuleSet(database, text);
    if (stored !== undefined) known.set(text, stored);
    return stored;
  };
  const inForce = async (database: Kysely<Schema>, text: string | undefined): Promise<RuleSet> => {
    const found = text === undefined ? undefined : await named(database, text);
    return found ?? NTP_POOL_RECENT_MEDIAN;
  };
  return {
    named,
    inForce,
    active: async (database) => {
      const { rows } = await sql<{ readonly name: string; readonly version: number }>`
        select name, version from rule_set_activations order by sequence desc limit 1`.execute(
        database,
      );
      const [last] = rows;
      return await inForce(database, last === undefined ? undefined : ruleSetText(last));
    },
    ofResults: async (database, results) => {
      const sets = new Map<string, RuleSet>();
      for (const text of new Set(results.map(({ rule }) => ruleSetTextOf(rule)))) {
        sets.set(text, (await named(database, text)) ?? NTP_POOL_RECENT_MEDIAN);
      }
      return ({ rule }) => sets.get(ruleSetTextOf(rule)) ?? NTP_POOL_RECENT_MEDIAN;
    },
  };
}

async function readRuleSet(database: Kysely<Schema>, text: string): Promise<RuleSet | undefined> {
  const [name = "", version = ""] = text.split("/");
  if (!/^\d{1,7}$/.test(version)) return undefined;
  const row = await database
    .selectFrom("rule_sets")
    .select("document")
    .where("name", "=", name)
    .where("version", "=", Number(version))
    .executeTakeFirst();
  const parsed = row === undefined ? undefined : parseRuleSet(row.document);
  return parsed?.ok === true ? parsed.value : undefined;
}
