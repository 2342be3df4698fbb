// `truechimer limits`: how often and how many at once, and what was refused.

import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";

export function registerLimits({ program, context, finish }: CommandHost): void {
  withConnectionOptions(program.command("limits"))
    .description("how often, and how many at once: the limits, and what they refused lately")
    .addHelpText("after", examples(["truechimer limits", "whether somebody is turned away"]))
    .action(async (options: ConnectionOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { printLimits } = await import("../output/limit-rows.ts");
      const client = await connectAdmin(context, options);
      const printer = createPrinter(context, askedFormat(options));
      await printLimits(printer, (await client.listRateLimits({})).rateLimits);
      finish(EXIT.good);
    });
}
