// truechimer.admin.v1.AlertService: rules, channels, incidents and the outbox, behind the same door as AdminService.

import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { alertsV1 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { ALERTS_PERMISSIONS } from "../people/alerts-permissions.ts";
import { type ActingContext, actingContext } from "../people/caller.ts";
import { registerGuardedService } from "../people/register-guarded-service.ts";
import { listAlertChannels, removeAlertChannel, saveAlertChannel } from "./channels.ts";
import { acknowledgeIncident, listIncidents } from "./incidents.ts";
import { listAlertMessages, sendAlertMessageAgain, testAlertChannel } from "./messages.ts";
import { listAlertRules, removeAlertRule, saveAlertRule } from "./rules.ts";
import { createAlertSilence, endAlertSilence, listAlertSilences } from "./silences.ts";
import { tryAlertRule } from "./try-rule.ts";

export function registerAlertsApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  return registerGuardedService(scope, context, {
    options,
    service: alertsV1.AlertService,
    permissions: ALERTS_PERMISSIONS,
    procedures: alertProcedures(context),
  });
}

function alertProcedures(
  context: ServerContext,
): Partial<ServiceImpl<typeof alertsV1.AlertService>> {
  const as = ({ values }: HandlerContext): ActingContext => actingContext(context, values);
  return {
    listIncidents: (request, call) => listIncidents(as(call), request),
    acknowledgeIncident: (request, call) => acknowledgeIncident(as(call), request),
    listAlertRules: (_request, call) => listAlertRules(as(call)),
    saveAlertRule: (request, call) => saveAlertRule(as(call), request),
    removeAlertRule: (request, call) => removeAlertRule(as(call), request),
    tryAlertRule: (request, call) => tryAlertRule(as(call), request, call.signal),
    listAlertChannels: (_request, call) => listAlertChannels(as(call)),
    saveAlertChannel: (request, call) => saveAlertChannel(as(call), request),
    removeAlertChannel: (request, call) => removeAlertChannel(as(call), request),
    testAlertChannel: (request, call) => testAlertChannel(as(call), request),
    listAlertSilences: (_request, call) => listAlertSilences(as(call)),
    createAlertSilence: (request, call) => createAlertSilence(as(call), request),
    endAlertSilence: (request, call) => endAlertSilence(as(call), request),
    sendAlertMessageAgain: (request, call) => sendAlertMessageAgain(as(call), request),
    listAlertMessages: (request, call) => listAlertMessages(as(call), request),
  };
}
