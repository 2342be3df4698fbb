// Servers by monitors: for people the worst pairs, for programs all that there are.

import type { analyticsV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { FIGURES_COLUMNS, figuresJson } from "./figures-columns.ts";
import { printRange, rangeJson } from "./range-line.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

export async function printHeatMap(
  printer: Printer,
  map: analyticsV1.GetHeatMapResponse,
): Promise<void> {
  const columns: readonly Column<analyticsV1.HeatMapPair>[] = [
    { title: "server", text: ({ serverName }) => printable(serverName) },
    { title: "monitor", text: ({ monitorName }) => printable(monitorName) },
    ...FIGURES_COLUMNS.map((column) => ({
      ...column,
      text: ({ figures }: analyticsV1.HeatMapPair) => column.text(figures),
    })),
  ];
  for (const cell of map.cells) printer.json(cellJson(map, cell));
  if (printer.format === "json") return;
  await printer.table({
    columns,
    rows: map.worst,
    json: () => null,
    empty: "no checks in this span of time",
  });
  const { serversTotal, monitorsTotal } = map;
  printer.line(
    printer.style.dim(`the worst pairs of ${serversTotal} servers by ${monitorsTotal} monitors`),
  );
  printRange(printer, map.range);
}

function cellJson(
  map: analyticsV1.GetHeatMapResponse,
  { server, monitor, figures }: analyticsV1.HeatMapCell,
): Record<string, unknown> {
  return {
    server_id: map.servers[server]?.id ?? null,
    server: map.servers[server]?.name ?? "",
    monitor_id: map.monitors[monitor]?.id ?? null,
    monitor: map.monitors[monitor]?.name ?? "",
    ...figuresJson(figures),
    ...rangeJson(map.range),
  };
}
