// `truechimer analytics …`: what the results in memory say of many checks at once.

import type { analyticsV1 } from "@truechimer/api";
import { AppError, parseDurationMs } from "@truechimer/base";
import { type Command, Option } from "commander";
import type { AnalyticsClient } from "../admin-client.ts";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  withConnectionOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";
import { callWithFilter, type FilterOptions, withFilterOption } from "../filter-option.ts";
import { printerFor } from "./admin-command.ts";

interface LastOptions extends ConnectionOptions {
  readonly last: string;
}

interface HeatMapOptions extends LastOptions, FilterOptions {
  readonly measure: string;
}

/** Until now. */
type Range = Pick<analyticsV1.GetHeatMapRequest, "from" | "to">;

const MEASURES = ["offset", "delay", "loss"] as const;
type MeasureName = Uppercase<(typeof MEASURES)[number]>;

export function registerAnalytics(host: CommandHost): void {
  const analytics = host.program
    .command("analytics")
    .description("what the results in memory say of many checks at once");
  registerHeatMap(host, analytics);
  registerCompare(host, analytics);
  registerDistribution(host, analytics);
  registerStability(host, analytics);
  registerMovers(host, analytics);
  registerFamilies(host, analytics);
}

function registerFamilies(host: CommandHost, analytics: Command): void {
  const command = withLastOption(withConnectionOptions(analytics.command("families")));
  withFilterOption(command, "server:ntp1.* monitor.country:de")
    .description("servers over IPv4 against the same over IPv6, the most certain difference first")
    .addHelpText(
      "after",
      examples(
        ["truechimer analytics families", "which names differ between the two, in a day"],
        [
          "truechimer analytics families --last 7d --json",
          "offsets, spreads and standard errors of a week, for a program",
        ],
      ),
    )
    .action(async (options: LastOptions & FilterOptions) => {
      const { printFamilies } = await import("../output/family-rows.ts");
      const client = await connected(host, options);
      const answer = await callWithFilter(host, options, (filter) =>
        client.getFamilies({ ...lastRange(host, options), filter }),
      );
      await printFamilies(printerFor(host, options), answer);
      host.finish(EXIT.good);
    });
}

function registerMovers(host: CommandHost, analytics: Command): void {
  const command = withMeasureOption(
    withLastOption(withConnectionOptions(analytics.command("movers"))),
  );
  withFilterOption(command, "server:ntp1.* monitor.country:de")
    .description("servers that have grown worse the most since the time before, and the scores")
    .addHelpText(
      "after",
      examples(
        ["truechimer analytics movers", "what has got worse in a day"],
        [
          "truechimer analytics movers --measure loss --last 1h --json",
          "whose loss grows, for a program",
        ],
      ),
    )
    .action(async (options: HeatMapOptions) => {
      const { analyticsV1 } = await import("@truechimer/api");
      const { printMovers } = await import("../output/mover-rows.ts");
      const measure = analyticsV1.Measure[options.measure.toUpperCase() as MeasureName];
      const client = await connected(host, options);
      const answer = await callWithFilter(host, options, (filter) =>
        client.getMovers({ ...lastRange(host, options), filter, measure }),
      );
      await printMovers(printerFor(host, options), answer);
      host.finish(EXIT.good);
    });
}

function withMeasureOption(command: Command): Command {
  return command.addOption(
    new Option("--measure <measure>", "by what they are ordered")
      .choices(MEASURES)
      .default("offset"),
  );
}

function registerDistribution(host: CommandHost, analytics: Command): void {
  const command = withLastOption(withConnectionOptions(analytics.command("distribution <server>")));
  withFilterOption(command, "monitor:zurich*")
    .description("how a server's offsets and round trips are distributed; in JSON with their bins")
    .addHelpText(
      "after",
      examples(
        ["truechimer analytics distribution time.example.net", "its percentiles of a day"],
        [
          "truechimer analytics distribution 12 --last 7d --json",
          "the bins of a week, for a program",
        ],
      ),
    )
    .action(async (word: string, options: LastOptions & FilterOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { findServers } = await import("../find-server.ts");
      const { printDistributions } = await import("../output/distribution-rows.ts");
      const servers = await findServers(await connectAdmin(host.context, options), word);
      const client = await connected(host, options);
      for (const { id } of servers) {
        const answer = await callWithFilter(host, options, (filter) =>
          client.getDistributions({ ...lastRange(host, options), serverId: id, filter }),
        );
        await printDistributions(printerFor(host, options), answer);
      }
      host.finish(EXIT.good);
    });
}

function registerStability(host: CommandHost, analytics: Command): void {
  withLastOption(withConnectionOptions(analytics.command("stability <server>")))
    .description("a server's Allan deviation by averaging time, as each of its monitors sees it")
    .addHelpText(
      "after",
      examples([
        "truechimer analytics stability time.example.net --last 7d",
        "how steady its clock runs",
      ]),
    )
    .action(async (word: string, options: LastOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { findServers } = await import("../find-server.ts");
      const { printStability } = await import("../output/distribution-rows.ts");
      const servers = await findServers(await connectAdmin(host.context, options), word);
      const client = await connected(host, options);
      for (const { id } of servers) {
        const answer = await client.getAllanDeviation({
          ...lastRange(host, options),
          serverId: id,
        });
        await printStability(printerFor(host, options), answer);
      }
      host.finish(EXIT.good);
    });
}

interface CompareOptions extends LastOptions, FilterOptions {
  readonly monitors?: boolean;
}

function registerCompare(host: CommandHost, analytics: Command): void {
  const command = withLastOption(withConnectionOptions(analytics.command("compare <names...>")));
  withFilterOption(command, "monitor:zurich*")
    .description(
      "servers side by side, or monitors by their difference from the fleet; in JSON over time",
    )
    .option("--monitors", "the names are monitors'")
    .addHelpText(
      "after",
      examples(
        [
          "truechimer analytics compare ntp1.example.net ntp2.example.net",
          "which of two clocks disagrees, and by how much",
        ],
        ["truechimer analytics compare --monitors zurich oslo --last 7d", "whose own clock is off"],
      ),
    )
    .action(async (names: readonly string[], options: CompareOptions) => {
      const { connectAdmin } = await import("../admin-client.ts");
      const { findServers } = await import("../find-server.ts");
      const { findMonitors } = await import("../find-monitor.ts");
      const { printComparison } = await import("../output/compare-rows.ts");
      const admin = await connectAdmin(host.context, options);
      const find = options.monitors === true ? findMonitors : findServers;
      const found = await Promise.all(names.map((name) => find(admin, name)));
      const ids = found.flat().map(({ id }) => id);
      const client = await connected(host, options);
      const answer = await callWithFilter(host, options, (filter) =>
        client.compareSeries({
          ...lastRange(host, options),
          ...(options.monitors === true ? { monitorIds: ids } : { serverIds: ids }),
          filter,
        }),
      );
      await printComparison(printerFor(host, options), answer);
      host.finish(EXIT.good);
    });
}

function registerHeatMap(host: CommandHost, analytics: Command): void {
  const command = withMeasureOption(
    withLastOption(withConnectionOptions(analytics.command("heat-map"))),
  );
  withFilterOption(command, "server:ntp1.* monitor.country:de")
    .description("servers by monitors: the worst pairs; in JSON every pair")
    .addHelpText(
      "after",
      examples(
        [
          "truechimer analytics heat-map",
          "is it the server, the monitor or the path between them?",
        ],
        [
          "truechimer analytics heat-map --measure loss --last 7d --json",
          "the loss of every pair in a week",
        ],
      ),
    )
    .action(async (options: HeatMapOptions) => {
      const { printHeatMap } = await import("../output/heat-map-rows.ts");
      const { analyticsV1 } = await import("@truechimer/api");
      const measure = analyticsV1.Measure[options.measure.toUpperCase() as MeasureName];
      const client = await connected(host, options);
      const map = await callWithFilter(host, options, (filter) =>
        client.getHeatMap({
          ...lastRange(host, options),
          filter,
          measure,
          // The most that there are.
          serversMax: 500,
          monitorsMax: 200,
        }),
      );
      await printHeatMap(printerFor(host, options), map);
      host.finish(EXIT.good);
    });
}

function withLastOption(command: Command): Command {
  return command.option("--last <duration>", 'how far back: "1h", "7d" …', "1d");
}

async function connected(
  { context }: CommandHost,
  options: ConnectionOptions,
): Promise<AnalyticsClient> {
  const { connectAnalytics } = await import("../admin-client.ts");
  return connectAnalytics(context, options);
}

function lastRange({ context }: CommandHost, { last }: LastOptions): Range {
  const parsed = parseDurationMs(last);
  if (!parsed.ok) throw new AppError("usage", `--last: ${parsed.error}`);
  const nowNs = context.clock.nowNs();
  return { from: timestampOf(nowNs - BigInt(parsed.value) * 1_000_000n), to: timestampOf(nowNs) };
}

function timestampOf(ns: bigint): NonNullable<Range["from"]> {
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: ns / 1_000_000_000n,
    nanos: Number(ns % 1_000_000_000n),
  };
}
