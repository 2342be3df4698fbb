// The same procedures for calls that come in the form that agents send (http/direct-calls.ts).

import { monitorV2 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import { type DirectProcedure, directProcedure } from "../http/direct-calls.ts";
import { exchangeBytes } from "./exchange-bytes.ts";
import { getConfig } from "./get-config.ts";
import { getServers } from "./get-servers.ts";
import { submitResults } from "./submit-results.ts";

const { method } = monitorV2.MonitorService;

export function directProcedures(context: ServerContext): readonly DirectProcedure[] {
  return [
    directProcedure(method.getConfig, (request, call) => getConfig(context, request, call)),
    directProcedure(method.getServers, (request, call) => getServers(context, request, call)),
    directProcedure(method.submitResults, (request, call, body) =>
      submitResults(context, request, call, { exchanges: exchangeBytes(body) }),
    ),
  ];
}
