// truechimer.admin.v1.AnalyticsService: what the history in memory says of many checks, behind the same door as
// AdminService. One procedure, one file.

import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { analyticsV1 } from "@truechimer/api";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { ANALYTICS_PERMISSIONS } from "../people/analytics-permissions.ts";
import { type ActingContext, actingContext } from "../people/caller.ts";
import { registerGuardedService } from "../people/register-guarded-service.ts";
import { compareSeries } from "./compare-series.ts";
import { getAllanDeviation } from "./get-allan-deviation.ts";
import { getDistributions } from "./get-distributions.ts";
import { getFamilies } from "./get-families.ts";
import { getHeatMap } from "./get-heat-map.ts";
import { getMovers } from "./get-movers.ts";

export function registerAnalyticsApi(
  scope: FastifyInstance,
  context: ServerContext,
  options: HttpAppOptions,
): Promise<void> {
  return registerGuardedService(scope, context, {
    options,
    service: analyticsV1.AnalyticsService,
    permissions: ANALYTICS_PERMISSIONS,
    procedures: analyticsProcedures(context),
  });
}

function analyticsProcedures(
  context: ServerContext,
): Partial<ServiceImpl<typeof analyticsV1.AnalyticsService>> {
  const as = ({ values }: HandlerContext): ActingContext => actingContext(context, values);
  return {
    compareSeries: (request, call) => compareSeries(as(call), request, call.signal),
    getAllanDeviation: (request, call) => getAllanDeviation(as(call), request, call.signal),
    getDistributions: (request, call) => getDistributions(as(call), request, call.signal),
    getFamilies: (request, call) => getFamilies(as(call), request, call.signal),
    getHeatMap: (request, call) => getHeatMap(as(call), request, call.signal),
    getMovers: (request, call) => getMovers(as(call), request, call.signal),
  };
}
