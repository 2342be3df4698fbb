// The results as Markdown.

import type { ExportRow } from "./export.ts";

/** Of each process; the budget counts in millions of bytes. */
const ADDED_MB_MAX = 50;

export function report(rows: readonly ExportRow[]): string {
  const lines = rows.map((row) => {
    const least = smallest(rows, row.form);
    const added = least === row ? "" : ` (+${row.commandMb - least.commandMb})`;
    const rate = Math.round(row.rows / row.seconds / 100) * 100;
    return `| ${row.form} | ${row.rows} | ${row.seconds.toFixed(1)} | ${rate} | ${row.commandMb}${added} | ${row.controlPlaneBeforeMb} | ${row.controlPlaneMb} (+${row.controlPlaneMb - row.controlPlaneBeforeMb}) | ${row.load ?? "–"} | ${row.measuredOn} |`;
  });
  return `The most that was resident, in MB of 10^6 bytes, by the kernel's own high-water mark: of \`truechimer export checks\`
(\`exchanges\`, \`steps\`, \`scores\`, \`verdicts\` and \`audit\`: of those tables; \`parquet\`: a file a day; \`…-file\`: one Parquet
file of all; \`results\`: of \`truechimer results\`), in brackets what that is beyond an export of a few rows; and of a control
plane with the database on the same cores, in brackets what that is beyond what it had before, when it had exported up to half a
million checks as CSV. Either is to stay below ${ADDED_MB_MAX} MB however many rows there are. \`load\` is that of the host in the
last minute: where it is far above 2, other work has taken most of the two cores, and the seconds are its own.

| form | rows | seconds | rows/s | command MB | control plane MB, before | most | load | measured |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join("\n")}
`;
}

function smallest(rows: readonly ExportRow[], form: string): ExportRow {
  const own = rows.filter((row) => row.form === form);
  return own.reduce((least, row) => (row.rows < least.rows ? row : least));
}
