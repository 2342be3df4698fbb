// `truechimer events`: what changed, and why.

import { createPrinter } from "../cli-context.ts";
import { askedFormat, type CommandHost, examples, withConnectionOptions } from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter, type FilterOptions, withFilterOption } from "../filter-option.ts";
import { type LimitOptions, printPagedList, withLimitOption } from "../paged-list.ts";

/** Rows of a table, when nothing else is said. */
const TABLE_LIMIT = 100;
/** As many as a page may have. */
const PAGE_SIZE_MAX = 1_000;

export function registerEvents(host: CommandHost): void {
  const { program, context, finish } = host;
  const events = withConnectionOptions(program.command("events [server]"));
  withFilterOption(events, "kind:verdict_changed verdict_after:falseticker");
  withLimitOption(events, TABLE_LIMIT)
    .description("what changed, newest first: verdicts, servers, monitors")
    .addHelpText(
      "after",
      examples(["truechimer events time.example.net", "since when a clock has lied, and why"]),
    )
    .action(async (word: string | undefined, options: FilterOptions & LimitOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { printEvents } = await import("../output/event-rows.ts");
      const { findServers } = await import("../find-server.ts");
      const client = await connectAdmin(context, options);
      const printer = createPrinter(context, askedFormat(options));
      const servers = word === undefined ? [{ id: 0n }] : await findServers(client, word);
      for (const { id } of servers) {
        await printPagedList(host, {
          printer,
          limit: options.limit,
          tableLimit: TABLE_LIMIT,
          pageSizeMax: PAGE_SIZE_MAX,
          ask: async (place) => {
            const { events: rows, nextPageToken } = await callWithFilter(host, options, (filter) =>
              client.listEvents({ serverId: id, filter, ...place }),
            );
            return { rows, nextPageToken };
          },
          print: (rows) => printEvents(printer, rows),
        });
      }
      finish(EXIT.good);
    });
}
