// Aligned tables. Widths are those of a terminal's cells, so that a name in any script lines up.

import stringWidth from "string-width";

export interface Column<Row> {
  readonly title: string;
  /** Numbers are aligned at the right. */
  readonly align?: "left" | "right";
  /** May carry colours: they have no width. */
  readonly text: (row: Row) => string;
}

const GAP = "  ";

/** Lines without a line break at their end; no trailing blanks. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, at) =>
    [titles, ...cells].reduce((widest, line) => Math.max(widest, stringWidth(line[at] ?? "")), 0),
  );
  return [titles, ...cells].map((line) =>
    line
      .map((cell, at) => padded(cell, widths[at] ?? 0, columns[at]?.align ?? "left"))
      .join(GAP)
      .trimEnd(),
  );
}

function padded(cell: string, width: number, align: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, width - stringWidth(cell)));
  return align === "right" ? blanks + cell : cell + blanks;
}
