// ListRuleSets: which rules there are, and which were in force when.

import { create } from "@bufbuild/protobuf";
import { rulesV1 } from "@truechimer/api";
import { BUILT_IN_RULE_SETS, ruleSetText } from "@truechimer/scoring";
import { timestampFrom } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";
import { builtInDocument } from "./asked-rules.ts";
import { inWrittenOrder } from "./document-order.ts";
import { activationMessage } from "./rule-messages.ts";

const RULE_SETS_MAX = 500;
const ACTIVATIONS_MAX = 100;

export async function listRuleSets({
  database,
  ruleSets,
}: ServerContext): Promise<rulesV1.ListRuleSetsResponse> {
  const { kysely } = database;
  const [stored, activations, active] = await Promise.all([
    kysely
      .selectFrom("rule_sets")
      .select(["name", "version", "document", "created_at", "created_by"])
      .orderBy("created_at", "desc")
      .limit(RULE_SETS_MAX)
      .execute(),
    kysely
      .selectFrom("rule_set_activations")
      .select(["name", "version", "activated_at", "activated_by", "effect"])
      .orderBy("sequence", "desc")
      .limit(ACTIVATIONS_MAX)
      .execute(),
    ruleSets.active(kysely),
  ]);
  const activeId = ruleSetText(active);
  const builtIn = BUILT_IN_RULE_SETS.map((set) => {
    const id = ruleSetText(set);
    const documentJson = JSON.stringify(builtInDocument(id), undefined, 2);
    const { about } = set;
    return create(rulesV1.RuleSetSchema, {
      id,
      about,
      documentJson,
      builtIn: true,
      active: id === activeId,
    });
  });
  const own = stored.map((row) => {
    const id = ruleSetText(row);
    return create(rulesV1.RuleSetSchema, {
      id,
      about: aboutOf(row.document),
      documentJson: JSON.stringify(inWrittenOrder(row.document), undefined, 2),
      active: id === activeId,
      createdAt: timestampFrom(row.created_at),
      createdBy: row.created_by,
    });
  });
  return create(rulesV1.ListRuleSetsResponseSchema, {
    ruleSets: [...builtIn, ...own],
    activations: activations.map(activationMessage),
  });
}

function aboutOf(document: unknown): string {
  const about = (document as { readonly about?: unknown } | null)?.about;
  return typeof about === "string" ? about : "";
}
