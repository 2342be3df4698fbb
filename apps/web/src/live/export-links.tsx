// What is shown as a file: the same filter over the same range, and every check of it, however many the page holds.

import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import type { ShownCheck } from "./shown-check.ts";
import { STRIP_MS } from "./strip-summary.ts";

interface ExportLinksProps {
  readonly filter: string;
  /** The newest first. */
  readonly checks: readonly ShownCheck[];
  /** The right end of the picture, Unix milliseconds. */
  readonly endMs: number;
  /** The range has no end: what comes until somebody asks is in it. */
  readonly isLive: boolean;
}

export function ExportLinks(props: ExportLinksProps): ReactNode {
  const query = exportQuery(props);
  return (
    <span className="live-export">
      {["CSV", "NDJSON"].map((form) => (
        <a
          key={form}
          className="button"
          href={`/export/checks.${form.toLowerCase()}?${query}`}
          download
          title="Every stored check of the range shown that passes the filter"
        >
          Export {form}
        </a>
      ))}
    </span>
  );
}

/** From the oldest that is shown, or the left end of the picture, to the right end. */
export function exportQuery({ filter, checks, endMs, isLive }: ExportLinksProps): string {
  let fromMs = endMs - STRIP_MS;
  for (const { check } of checks) fromMs = Math.min(fromMs, msOf(check?.at) ?? fromMs);
  const parameters = new URLSearchParams();
  if (filter.trim() !== "") parameters.set("filter", filter);
  parameters.set("from", new Date(Math.floor(fromMs)).toISOString());
  // The end of a range is excluded, and a millisecond is the least that the page knows.
  if (!isLive) parameters.set("to", new Date(Math.floor(endMs) + 1).toISOString());
  return parameters.toString();
}
