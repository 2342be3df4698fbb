// The results as Markdown.

import type { ArchiveRow } from "./archive.ts";

export function report(rows: readonly ArchiveRow[]): string {
  const lines = rows.map((row) =>
    [
      row.place === "s3" ? "S3" : "directory",
      row.rows,
      Math.round(row.rows / row.sentSeconds / 100) * 100,
      (row.bytes / row.rows).toFixed(1),
      row.files,
      ...[row.dayMs, row.daysMs, row.daysAgainMs, row.pageMs].map(Math.round),
      row.load,
      row.measuredOn,
    ].join(" | "),
  );
  return `Results of 500 servers, 40 monitors and fifteen days, without packets, sent by a worker into a directory, or into the S3
server of the tests on the same host, beside PostgreSQL on the same cores; their files as they were when the last was there. Then a control plane whose retention is a day was asked for a chart of one server, of
a day and of ten days, the first time and again, and for the first 500 checks of a day. \`load\` is that of the host in the last
minute: where it is far above 2, other work has taken most of the two cores.

| in | results | results/s | bytes each | files | chart of a day, ms | of ten days | again | 500 checks, ms | load | measured |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.map((line) => `| ${line} |`).join("\n")}
`;
}
