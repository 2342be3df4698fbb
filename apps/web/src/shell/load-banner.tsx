// Tells that the history is still coming into memory, or that results no longer come in, and goes away by itself.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { loadQuery } from "../api/queries.ts";
import { useNow } from "../parts/now.ts";
import { ingestNoteText } from "./ingest-note.ts";
import { loadNoteText } from "./load-note.ts";

export function LoadBanner(props: { readonly enabled: boolean }): ReactNode {
  const system = useQuery({ ...loadQuery(), enabled: props.enabled });
  const load = system.data?.history;
  const text = loadNoteText(load);
  const nowMs = useNow();
  const silence = ingestNoteText(system.data?.ingest, nowMs);
  return (
    <div role="status">
      {silence === "" ? null : <p className="skew-note">{silence}</p>}
      {text === "" ? null : (
        <p className="skew-note">
          {load !== undefined && load.rows < load.rowsExpected ? (
            <progress
              aria-label="History in memory"
              max={Number(load.rowsExpected)}
              value={Number(load.rows)}
            />
          ) : null}{" "}
          {text}
        </p>
      )}
    </div>
  );
}
