// What the commands that ask a running control plane begin with.

import type { AdminClient } from "../admin-client.ts";
import { createPrinter, type Printer } from "../cli-context.ts";
import { askedFormat, type CommandHost, type ConnectionOptions } from "../command-host.ts";

export async function connected(
  { context }: CommandHost,
  options: ConnectionOptions,
): Promise<AdminClient> {
  const { connectAdmin } = await import("../admin-client.ts");
  return connectAdmin(context, options);
}

export function printerFor({ context }: CommandHost, options: ConnectionOptions): Printer {
  return createPrinter(context, askedFormat(options));
}
