// GetServers: the servers that are due for this monitor, as a batch, each with its ticket.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { assert, createUlid, parseIpAddress } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { AgentCall } from "../enrolment/agent-call.ts";
import { authenticateMonitor, requireLive } from "./authenticate-monitor.ts";
import { monitorConfig } from "./monitor-config.ts";
import { probePolicyFor } from "./probe-settings.ts";
import { FIRST_VERSION_WITH_PORTS } from "./submission-version.ts";
import { type DueServer, takeDueServers } from "./take-due-servers.ts";
import { createTicket } from "./ticket.ts";

export async function getServers(
  context: ServerContext,
  request: monitorV2.GetServersRequest,
  { credential }: AgentCall,
): Promise<monitorV2.GetServersResponse> {
  const { database, policy } = context;
  const monitor = await authenticateMonitor(database, {
    credential,
    monId: request.monId,
  });
  requireLive(monitor);
  const probe = await probePolicyFor(database, policy, monitor.lab);
  const config = await monitorConfig({ database, policy, probe }, monitor);
  const key = await context.ticketKeys.current();
  const { servers, takenAtNs } = await takeDueServers(database, {
    monitor,
    probe,
    anyPort: (request.submissionVersionMax ?? 0) >= FIRST_VERSION_WITH_PORTS,
  });
  // By the database's clock, so that a later batch has the later id whichever replica made it.
  const nowNs = (): bigint => takenAtNs ?? context.clock.nowNs();
  const batchId = createUlid({ ...context.clock, nowNs }, context.random);
  context.metrics.testsRequested.inc(
    { monitor: monitor.name, ip_version: monitor.family },
    servers.length,
  );
  return create(monitorV2.GetServersResponseSchema, {
    batchId: new TextEncoder().encode(batchId),
    config,
    servers: servers.map((server) => {
      const addressBytes = addressBytesOf(server);
      const { port } = server;
      return create(monitorV2.ServerSchema, {
        ipBytes: addressBytes,
        ticket: createTicket({ monitorId: monitor.id, batchId, addressBytes, port }, key),
        ...(port === NTP_PORT ? {} : { port }),
      });
    }),
  });
}

const NTP_PORT = 123;

function addressBytesOf(server: DueServer): Uint8Array {
  const address = parseIpAddress(server.address);
  assert(address.ok, `servers.ip "${server.address}" is an address`);
  return address.value.bytes;
}
