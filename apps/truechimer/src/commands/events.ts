// `truechimer events`: what changed, and why.

import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";

export function registerEvents({ program, context, finish }: CommandHost): void {
  withConnectionOptions(program.command("events [server]"))
    .description("what changed, newest first: verdicts, servers, monitors")
    .addHelpText(
      "after",
      examples(["truechimer events time.example.net", "since when a clock has lied, and why"]),
    )
    .action(async (word: string | undefined, options: ConnectionOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { printEvents } = await import("../output/event-rows.ts");
      const { findServers } = await import("../find-server.ts");
      const client = await connectAdmin(context, options);
      const printer = createPrinter(context, askedFormat(options));
      const servers = word === undefined ? [{ id: 0n }] : await findServers(client, word);
      for (const { id } of servers) {
        await printEvents(printer, (await client.listEvents({ serverId: id })).events);
      }
      finish(EXIT.good);
    });
}
