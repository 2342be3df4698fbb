// `truechimer login`: a fresh one-time address of the dashboard.

import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";

export function registerLogin({ program, context, finish }: CommandHost): void {
  withConnectionOptions(program.command("login"))
    .description("print a fresh dashboard address; it opens the dashboard once")
    .addHelpText(
      "after",
      examples(["truechimer login", "when the address that `up` printed has been used"]),
    )
    .action(async (options: ConnectionOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { url } = await (await connectAdmin(context, options)).createLogin({});
      const printer = createPrinter(context, askedFormat(options));
      printer.line(url);
      printer.json({ url });
      finish(EXIT.good);
    });
}
