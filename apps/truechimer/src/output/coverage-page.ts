// How well the servers are watched, and what the accounts' monitors carry.

import type { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import type { Column } from "./table.ts";

/** Those with too few fresh active monitors; then the accounts. */
export async function printCoverage(
  printer: Printer,
  coverage: adminV1.GetCoverageResponse,
): Promise<void> {
  const texts = new Map(coverage.reasons.map(({ reason, text }) => [reason, text]));
  const gaps: readonly Column<adminV1.CoverageGap>[] = [
    { title: "server", text: ({ serverName }) => serverName },
    { title: "fresh", align: "right", text: ({ freshActive }) => String(freshActive) },
    { title: "active", align: "right", text: ({ active }) => String(active) },
    { title: "because", text: ({ reason }) => texts.get(reason) ?? reason },
  ];
  await printer.table({
    columns: gaps,
    rows: coverage.gaps,
    json: (gap) => ({
      server: gap.serverName,
      fresh_active: gap.freshActive,
      active: gap.active,
      reason: gap.reason,
    }),
    empty: `all ${coverage.servers} servers have ${coverage.freshActiveMin} fresh active monitors or more`,
  });
  const accounts: readonly Column<adminV1.AccountLoad>[] = [
    { title: "account", text: ({ account }) => account },
    { title: "monitors", align: "right", text: ({ monitors }) => String(monitors) },
    { title: "active", align: "right", text: ({ active }) => String(active) },
    { title: "share", align: "right", text: ({ share }) => `${(100 * share).toFixed(1)} %` },
  ];
  await printer.table({
    columns: accounts,
    rows: coverage.accounts,
    json: ({ account, monitors, active, share }) => ({ account, monitors, active, share }),
    empty: "no account has monitors",
  });
}
