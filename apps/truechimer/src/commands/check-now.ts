// `truechimer check-now`: monitors that are there now look at a server, and each answer is shown as it comes.

import { AppError } from "@truechimer/base";
import { InvalidArgumentError } from "commander";
import { createPrinter } from "../cli-context.ts";
import {
  askedFormat,
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";

interface CheckNowOptions extends ConnectionOptions {
  readonly trace?: boolean;
  readonly from: number;
}

const MONITORS_DEFAULT = 10;
const MONITORS_MAX = 50;

export function registerCheckNow(host: CommandHost): void {
  withConnectionOptions(host.program.command("check-now <server>"))
    .description("have the fleet look at a server now: one under watch, or any address or name")
    .option("--trace", "the routers on the way instead of the time")
    .option(
      "--from <count>",
      `how many monitors, 1 to ${MONITORS_MAX}`,
      parseCount,
      MONITORS_DEFAULT,
    )
    .addHelpText(
      "after",
      examples(
        ["truechimer check-now time.example.net", "from ten places at once"],
        ["truechimer check-now 192.0.2.1 --from 50", "an address that nobody watches"],
        ["truechimer check-now 12 --trace", "the path from each monitor to server 12"],
      ),
    )
    .action(async (word: string, options: CheckNowOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { checkNowTarget } = await import("../check-now/check-now-target.ts");
      const { printAnswers } = await import("../check-now/print-answers.ts");
      const client = await connectAdmin(host.context, options);
      const target = await checkNowTarget(client, word);
      const printer = createPrinter(host.context, askedFormat(options));
      const { asked, answered } = await printAnswers(printer, {
        client,
        target,
        trace: options.trace === true,
        monitorsMax: options.from,
      });
      if (asked === 0) {
        throw new AppError(
          "not_found",
          'no monitor that can see it is there to be asked: "truechimer monitors list" shows who is',
        );
      }
      host.finish(answered === 0 ? EXIT.noAnswer : EXIT.good);
    });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MONITORS_MAX) return count;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${MONITORS_MAX}`);
}
