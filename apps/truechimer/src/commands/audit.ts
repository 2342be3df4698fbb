// `truechimer audit …`: what was done and by whom, and whether that trail is whole.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, parseDurationMs } from "@truechimer/base";
import type { Command } from "commander";
import { AUDIT_HEAD_FILE } from "../audit-head-file.ts";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { dataDirectoryPath } from "../data-directory.ts";
import { EXIT } from "../exit-code.ts";
import { type LimitOptions, printPagedList, withLimitOption } from "../paged-list.ts";
import { connectedToPeople, printerFor } from "./admin-command.ts";

/** Rows of a table, when nothing else is said. */
const TABLE_LIMIT = 100;
/** As many as a page may have. */
const PAGE_SIZE_MAX = 1_000;

interface ListOptions extends ConnectionOptions, LimitOptions {
  readonly who?: string;
  readonly what?: string;
  readonly since?: string;
}

interface VerifyOptions extends ConnectionOptions {
  readonly head?: string;
}

export function registerAudit(host: CommandHost): void {
  const audit = host.program
    .command("audit")
    .description("what people and programs did, and whether that trail is whole");
  registerList(host, audit);
  registerVerify(host, audit);
}

function registerList(host: CommandHost, audit: Command): void {
  const list = audit.command("list", { isDefault: true }).allowExcessArguments();
  withLimitOption(withConnectionOptions(list), TABLE_LIMIT)
    .description("who did what, with what was there before and since, newest first")
    .option("--who <name>", "only acts of whoever has this in the name")
    .option("--what <words>", 'only acts such as "servers paused", or on such as "server 5"')
    .option("--since <duration>", 'only acts of the last "1h", "30d"')
    .action(async (options: ListOptions, command: Command) => {
      refuseWords(command);
      const { who = "", what = "", since } = options;
      const { printAuditEntries } = await import("../output/audit-rows.ts");
      const client = await connectedToPeople(host, options);
      const from = since === undefined ? {} : { from: longAgo(since, host.context.clock.nowNs()) };
      const printer = printerFor(host, options);
      await printPagedList(host, {
        printer,
        limit: options.limit,
        tableLimit: TABLE_LIMIT,
        pageSizeMax: PAGE_SIZE_MAX,
        ask: async (place) => {
          const answer = await client.listAuditEntries({ who, what, ...from, ...place });
          return { rows: answer.entries, nextPageToken: answer.nextPageToken };
        },
        print: (rows) => printAuditEntries(printer, rows),
      });
      host.finish(EXIT.good);
    });
}

function registerVerify(host: CommandHost, audit: Command): void {
  withConnectionOptions(audit.command("verify"))
    .description("finds an altered entry, a missing one, and a tail that was cut off; then exits 1")
    .option("--head <file>", `a copy of ${AUDIT_HEAD_FILE}; by default the data directory's`)
    .addHelpText(
      "after",
      examples(
        ["truechimer audit verify", "against the head in the data directory"],
        ["truechimer audit verify --head /mnt/copy.json", "against one that was kept elsewhere"],
      ),
    )
    .action(async (options: VerifyOptions) => {
      const headJson = await headText(host, options);
      const client = await connectedToPeople(host, options);
      const report = await client.verifyAudit({ headJson });
      const { whole, entries, problems, remarks, vouchedFor } = report;
      const printer = printerFor(host, options);
      for (const text of [...problems, ...remarks]) printer.line(text);
      const vouched =
        vouchedFor === 0n ? "" : `; the head outside the database vouches for entry ${vouchedFor}`;
      printer.line(`${entries} entries: ${whole ? "whole" : "NOT whole"}${vouched}`);
      printer.json({ whole, entries, problems, remarks, vouched_for: vouchedFor });
      host.finish(whole ? EXIT.good : EXIT.bad);
    });
}

function longAgo(since: string, nowNs: bigint): { readonly seconds: bigint } {
  const parsed = parseDurationMs(since);
  if (!parsed.ok) throw new AppError("usage", `--since: ${parsed.error}`);
  return { seconds: nowNs / 1_000_000_000n - BigInt(Math.ceil(parsed.value / 1_000)) };
}

/** Empty: the server shall take the one that it keeps. */
async function headText({ context }: CommandHost, options: VerifyOptions): Promise<string> {
  if (options.head !== undefined) {
    try {
      return await readFile(options.head, "utf8");
    } catch (cause) {
      const { code = "unknown" } = cause as NodeJS.ErrnoException;
      throw new AppError(
        "usage",
        `--head: ${options.head} cannot be read (${code}): name a copy of ${AUDIT_HEAD_FILE} that this account may read`,
        { cause },
      );
    }
  }
  if ((options.url ?? context.env["TRUECHIMER_URL"]) !== undefined) return "";
  const directory = dataDirectoryPath(options.dataDir ?? context.env["TRUECHIMER_DATA_DIR"]);
  return readFile(join(directory, AUDIT_HEAD_FILE), "utf8").catch(() => "");
}
