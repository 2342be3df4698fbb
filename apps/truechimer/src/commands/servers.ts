// `truechimer servers …`: which servers are watched.

import { AppError } from "@truechimer/base";
import type { Command } from "commander";
import type { AdminClient } from "../admin-client.ts";
import { createPrinter, type Printer } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { callWithFilter, type FilterOptions, withFilterOption } from "../filter-option.ts";
import { type LimitOptions, printPagedList, withLimitOption } from "../paged-list.ts";
import { registerImport } from "./servers-import.ts";

/** Paths in a table, when nothing else is said. */
const PATHS_TABLE_LIMIT = 50;
/** As many paths as a page may have. */
const PATHS_PAGE_SIZE_MAX = 200;

interface ListOptions extends FilterOptions {
  readonly all?: boolean;
}

export function registerServers(host: CommandHost): void {
  const servers = host.program
    .command("servers")
    .description(
      "the time servers under watch: list, add, import, pause, resume, remove, restore, show, trace, untrace, paths",
    );
  servers.addHelpText(
    "after",
    examples(
      ["truechimer servers", "all of them with verdict, offset and score"],
      [
        "truechimer servers add time.example.net 192.0.2.7:1123",
        "a name adds each of its addresses",
      ],
      ["truechimer servers --filter 'stratum>=3 loss>5%'", "those that pass a filter"],
      ["truechimer servers show time.example.net", "one server, monitor by monitor"],
      ["truechimer servers remove 12", "its history stays readable; restore undoes it"],
    ),
  );
  registerList(host, servers);
  registerAdd(host, servers);
  registerImport(host, servers);
  registerShow(host, servers);
  registerChange(host, servers, PAUSE);
  registerChange(host, servers, RESUME);
  registerChange(host, servers, REMOVE);
  registerChange(host, servers, RESTORE);
  registerChange(host, servers, TRACE);
  registerChange(host, servers, UNTRACE);
  registerPaths(host, servers);
}

function registerList(host: CommandHost, servers: Command): void {
  const list = servers.command("list", { isDefault: true }).allowExcessArguments();
  withFilterOption(withConnectionOptions(list), "verdict:falseticker abs_offset>25ms")
    .description("each server with its verdict, offset, score and last answer")
    .option("--all", "removed servers too")
    .action(async (options: ListOptions, command: Command) => {
      refuseWords(command);
      const client = await connected(host, options);
      const includeRemoved = options.all === true;
      const { servers: rows } = await callWithFilter(host, options, (filter) =>
        client.listServers({ includeRemoved, filter }),
      );
      const { printServers } = await import("../output/server-rows.ts");
      const filtered = options.filter !== undefined;
      await printServers(printerFor(host, options), rows, {
        nowNs: host.context.clock.nowNs(),
        filtered,
      });
      host.finish(EXIT.good);
    });
}

function registerAdd(host: CommandHost, servers: Command): void {
  withConnectionOptions(servers.command("add <target...>"))
    .description('watch servers: "name", "name:port", "192.0.2.1:port" or "[2001:db8::1]:port"')
    .action(async (targets: readonly string[], options: ConnectionOptions) => {
      const client = await connected(host, options);
      const answer = await client.addServers({ targets: [...targets] });
      const { printAdded } = await import("../output/added-rows.ts");
      printAdded(printerFor(host, options), answer);
      host.finish(answer.refused.length === 0 ? EXIT.good : EXIT.bad);
    });
}

function registerShow(host: CommandHost, servers: Command): void {
  withConnectionOptions(servers.command("show <server>"))
    .description("one server (by name, address or number), monitor by monitor")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connected(host, options);
      const { findServers } = await import("../find-server.ts");
      const { printServer } = await import("../output/server-page.ts");
      const printer = printerFor(host, options);
      for (const { id } of await findServers(client, word)) {
        await printServer(printer, await client.getServer({ id }), host.context.clock.nowNs());
      }
      host.finish(EXIT.good);
    });
}

interface Change {
  readonly name: string;
  readonly done: string;
  readonly description: string;
  readonly apply: (client: AdminClient, ids: bigint[]) => Promise<unknown>;
}

const PAUSE: Change = {
  name: "pause",
  done: "paused",
  description: "stop checking servers until they are resumed",
  apply: (client, ids) => client.pauseServers({ ids }),
};
const RESUME: Change = {
  name: "resume",
  done: "resumed",
  description: "check paused servers again",
  apply: (client, ids) => client.resumeServers({ ids }),
};
const REMOVE: Change = {
  name: "remove",
  done: "removed",
  description: "take servers out of watch; their history stays, and restore undoes it",
  apply: (client, ids) => client.removeServers({ ids }),
};
const RESTORE: Change = {
  name: "restore",
  done: "restored",
  description: "put removed servers back under watch",
  apply: (client, ids) => client.restoreServers({ ids }),
};

const TRACE: Change = {
  name: "trace",
  done: "traced from now on",
  description: "keep the paths to servers: a traceroute a day, and when checks begin to fail",
  apply: (client, ids) => client.setServerTracing({ ids, traced: true }),
};
const UNTRACE: Change = {
  name: "untrace",
  done: "not traced any more",
  description: "make no more traceroutes to servers by themselves; what was found stays",
  apply: (client, ids) => client.setServerTracing({ ids, traced: false }),
};

function registerPaths(host: CommandHost, servers: Command): void {
  const paths = withConnectionOptions(servers.command("paths <server>"));
  withLimitOption(paths, PATHS_TABLE_LIMIT)
    .description("the traceroutes to a server that are kept, newest first")
    .action(async (word: string, options: ConnectionOptions & LimitOptions) => {
      const client = await connected(host, options);
      const { findServers } = await import("../find-server.ts");
      const { printTraceroutes } = await import("../output/traceroute-rows.ts");
      const printer = printerFor(host, options);
      for (const { id } of await findServers(client, word)) {
        await printPagedList(host, {
          printer,
          limit: options.limit,
          tableLimit: PATHS_TABLE_LIMIT,
          pageSizeMax: PATHS_PAGE_SIZE_MAX,
          ask: async (place) => {
            const answer = await client.listTraceroutes({ serverId: id, ...place });
            return { rows: answer.traceroutes, nextPageToken: answer.nextPageToken };
          },
          print: (rows) => printTraceroutes(printer, rows),
        });
      }
      host.finish(EXIT.good);
    });
}

function registerChange(host: CommandHost, servers: Command, change: Change): void {
  withConnectionOptions(servers.command(`${change.name} <server...>`))
    .description(change.description)
    .action(async (words: readonly string[], options: ConnectionOptions) => {
      const client = await connected(host, options);
      host.finish(await changeServers(printerFor(host, options), client, change, words));
    });
}

async function changeServers(
  printer: Printer,
  client: AdminClient,
  change: Change,
  words: readonly string[],
): Promise<ExitCode> {
  const { findServers } = await import("../find-server.ts");
  const { serverLabel } = await import("../output/server-label.ts");
  const found = (await Promise.all(words.map((word) => findServers(client, word)))).flat();
  if (found.length === 0) throw new AppError("not_found", "no server was named");
  await change.apply(client, [...new Set(found.map(({ id }) => id))]);
  for (const server of found) {
    printer.line(`${change.done} ${serverLabel(server)}`);
    printer.json({ id: server.id, name: server.name, change: change.done });
  }
  return EXIT.good;
}

async function connected(host: CommandHost, options: ConnectionOptions): Promise<AdminClient> {
  const { connectAdmin } = await import("../admin-client.ts");
  return connectAdmin(host.context, options);
}

function printerFor(host: CommandHost, options: ConnectionOptions): Printer {
  return createPrinter(host.context, askedFormat(options));
}
