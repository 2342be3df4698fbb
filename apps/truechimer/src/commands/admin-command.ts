// What the commands that ask a running control plane begin with.

import type { AdminClient, AlertsClient, PeopleClient } from "../admin-client.ts";
import { createPrinter, type Printer } from "../cli-context.ts";
import { askedFormat, type CommandHost, type ConnectionOptions } from "../command-host.ts";

export async function connected(
  { context }: CommandHost,
  options: ConnectionOptions,
): Promise<AdminClient> {
  const { connectAdmin } = await import("../admin-client.ts");
  return connectAdmin(context, options);
}

/** The same for people, keys, accounts and the audit trail. */
export async function connectedToPeople(
  { context }: CommandHost,
  options: ConnectionOptions,
): Promise<PeopleClient> {
  const { connectPeople } = await import("../admin-client.ts");
  return connectPeople(context, options);
}

/** The same for rules, channels and incidents. */
export async function connectedToAlerts(
  { context }: CommandHost,
  options: ConnectionOptions,
): Promise<AlertsClient> {
  const { connectAlerts } = await import("../admin-client.ts");
  return connectAlerts(context, options);
}

export function printerFor({ context }: CommandHost, options: ConnectionOptions): Printer {
  return createPrinter(context, askedFormat(options));
}
