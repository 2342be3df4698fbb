// `truechimer version`

import type { Command } from "commander";
import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { PRODUCT_VERSION } from "../product-version.ts";

export function registerVersion({ program, context, finish }: CommandHost): void {
  program.version(PRODUCT_VERSION, "-V, --version", "the version, as `truechimer version`");
  withOutputOptions(program.command("version"))
    .description("the version of Truechimer and of what it runs on")
    .action((_options: OutputOptions, command: Command) => {
      const options = command.optsWithGlobals<OutputOptions>();
      const printer = createPrinter(context, askedFormat(options));
      const { node } = process.versions;
      const platform = `${process.platform}-${process.arch}`;
      printer.line(`truechimer ${PRODUCT_VERSION} (Node ${node}, ${platform})`);
      printer.json({ version: PRODUCT_VERSION, node, platform });
      finish(EXIT.good);
    });
}
