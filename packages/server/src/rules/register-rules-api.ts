// truechimer.admin.v1.RulesService: the rules that servers are judged by, and what would be under others, behind the same
// door as AdminService.

import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { rulesV1 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { type ActingContext, actingContext } from "../people/caller.ts";
import { registerGuardedService } from "../people/register-guarded-service.ts";
import { RULES_PERMISSIONS } from "../people/rules-permissions.ts";
import { activateRuleSet } from "./activate-rule-set.ts";
import { listRuleSets } from "./list-rule-sets.ts";
import { replayServerCall } from "./replay-server-call.ts";
import { createTrials } from "./try-rule-set.ts";

export function registerRulesApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  return registerGuardedService(scope, context, {
    options,
    service: rulesV1.RulesService,
    permissions: RULES_PERMISSIONS,
    procedures: rulesProcedures(context),
  });
}

function rulesProcedures(
  context: ServerContext,
): Partial<ServiceImpl<typeof rulesV1.RulesService>> {
  const as = ({ values }: HandlerContext): ActingContext => actingContext(context, values);
  const trials = createTrials();
  return {
    listRuleSets: () => listRuleSets(context),
    tryRuleSet: (request, call) => trials.try(as(call), request, call.signal),
    replayServer: (request, call) => replayServerCall(as(call), request, call.signal),
    activateRuleSet: (request, call) => activateRuleSet(as(call), request),
  };
}
