// What came of adding servers, target by target.

import type { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { serverLabel } from "./server-label.ts";
import { serverJson } from "./server-rows.ts";
import { printable } from "./style.ts";

export function printAdded(printer: Printer, answer: adminV1.AddServersResponse): void {
  const { green, red, dim } = printer.style;
  for (const server of answer.added) {
    printer.line(`${green("added")}   ${serverLabel(server)}, number ${server.id}`);
    printer.json({ outcome: "added", ...serverJson(server) });
  }
  for (const server of answer.existing) {
    printer.line(`${dim("known")}   ${serverLabel(server)}, number ${server.id}`);
    printer.json({ outcome: "existing", ...serverJson(server) });
  }
  for (const { target, code, message } of answer.refused) {
    printer.line(`${red("refused")} ${printable(target)}: ${printable(message)} (${code})`);
    printer.json({ outcome: "refused", target, code, message });
  }
}
