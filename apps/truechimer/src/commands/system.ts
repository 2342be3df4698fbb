// `truechimer system`: the control plane itself: its processes, its loops, what waits.

import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { connected, printerFor } from "./admin-command.ts";

export function registerSystem(host: CommandHost): void {
  const { program, context, finish } = host;
  withConnectionOptions(program.command("system"))
    .description("the control plane itself: its processes, its background loops, what waits")
    .addHelpText(
      "after",
      examples(
        ["truechimer system", "who runs, and whether every loop has run"],
        ["truechimer system --json | jq 'select(.failures > 0)'", "the loops that fail"],
      ),
    )
    .action(async (options: ConnectionOptions) => {
      const { printSystem } = await import("../output/system-page.ts");
      const client = await connected(host, options);
      await printSystem(printerFor(host, options), await client.getSystem({}), context.clock);
      finish(EXIT.good);
    });
}
