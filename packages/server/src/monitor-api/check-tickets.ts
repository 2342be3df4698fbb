// Every ticket of a submission, before the first write.

import type { ServerContext } from "../context.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import type { ParsedStatus, StatusRefusal } from "./parse-status.ts";
import type { Submission } from "./parse-submission.ts";
import { parseTicket, type TicketFields, type TicketKey, ticketHolds } from "./ticket.ts";

/** Of several statuses of one server the first with a valid ticket counts. */
export async function checkTickets<
  Status extends Pick<ParsedStatus, "index" | "address" | "port" | "ticket">,
>(
  { ticketKeys }: Pick<ServerContext, "ticketKeys">,
  input: {
    readonly monitor: CallingMonitor;
    readonly submission: Submission;
    readonly parsed: readonly Status[];
    /** False: of a version that has no tickets, so that none is asked for. */
    readonly ticketed: boolean;
  },
): Promise<{
  readonly held: readonly Status[];
  readonly refusals: readonly StatusRefusal[];
}> {
  const { monitor, submission, parsed, ticketed } = input;
  const held: Status[] = [];
  const refusals: StatusRefusal[] = [];
  const seen = new Set<string>();
  const keys = new Map<number, TicketKey | undefined>();
  const isGood = async (ticket: Uint8Array, fields: TicketFields): Promise<boolean> => {
    const shown = parseTicket(ticket);
    if (shown === undefined) return false;
    const { keyVersion } = shown;
    if (!keys.has(keyVersion)) keys.set(keyVersion, await ticketKeys.byVersion(keyVersion));
    const key = keys.get(keyVersion);
    return key !== undefined && ticketHolds(shown, fields, key);
  };
  for (const status of parsed) {
    const { address, port, index } = status;
    const fields = {
      monitorId: monitor.id,
      batchId: submission.batchId,
      addressBytes: address.bytes,
      port,
    };
    if (ticketed && !(await isGood(status.ticket, fields))) {
      const message =
        "signature validation failed: the ticket is not for this monitor, batch and server";
      refusals.push({ index, code: "bad_ticket", message });
    } else if (seen.has(`${address.text} ${port}`)) {
      const message = "this server is in the list already: one status a server counts";
      refusals.push({ index, code: "conflict", message });
    } else {
      seen.add(`${address.text} ${port}`);
      held.push(status);
    }
  }
  return { held, refusals };
}
