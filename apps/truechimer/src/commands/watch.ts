// `truechimer watch`: checks of all monitors as they are accepted. A connection that breaks is made anew and goes on where
// it ended.

import { sleep } from "@truechimer/base";
import type { AdminClient } from "../admin-client.ts";
import { createPrinter, type Printer } from "../cli-context.ts";
import { askedFormat, type CommandHost, examples, withConnectionOptions } from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter, type FilterOptions, withFilterOption } from "../filter-option.ts";

const RETRY_MS = 1_000;
/** Connect's stream has no end of its own; a heartbeat comes every two seconds. */
const NO_TIMEOUT_MS = 0;

export function registerWatch(host: CommandHost): void {
  const command = withConnectionOptions(host.program.command("watch"));
  withFilterOption(command, "abs_offset>25ms or reason:kiss_*")
    .description("checks of all monitors as they come, until Ctrl-C")
    .addHelpText(
      "after",
      examples(
        ["truechimer watch", "everything"],
        ["truechimer watch --filter 'server:ntp1.* offset>5ms'", "what passes a filter"],
        ["truechimer watch --json | jq .offset_ns", "a line of JSON a check"],
      ),
    )
    .action(async (options: FilterOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const client = await connectAdmin(host.context, options);
      const printer = createPrinter(host.context, askedFormat(options));
      await callWithFilter(host, options, (filter) => watch(host, { client, printer, filter }));
      host.finish(EXIT.good);
    });
}

interface Watching {
  readonly client: AdminClient;
  readonly printer: Printer;
  readonly filter: string;
}

async function watch(
  { context }: CommandHost,
  { client, printer, filter }: Watching,
): Promise<void> {
  const { printWatched } = await import("../output/watched-rows.ts");
  const { streamError } = await import("../admin-client.ts");
  const signal = context.stopSignal();
  let resume = "";
  let stood = false;
  while (!signal.aborted) {
    try {
      const request = { filter, resume };
      for await (const answer of client.watchResults(request, {
        signal,
        timeoutMs: NO_TIMEOUT_MS,
      })) {
        stood = true;
        if (answer.position !== "") resume = answer.position;
        printWatched(printer, answer);
      }
    } catch (error) {
      if (signal.aborted) return;
      // What was wrong from the beginning stays wrong.
      if (!stood) throw streamError(error);
      context.stderr("truechimer: the connection broke; it goes on where it ended\n");
    }
    await sleep(context.clock, RETRY_MS, signal).catch(() => undefined);
  }
}
