// A lost connection is told at once, with what the page still shows; a healed one with how long it was gone and what was missed.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { clockSkewStore, connectionStore } from "../api/connection.ts";
import { msOf } from "../api/message.ts";
import { overviewQuery } from "../api/queries.ts";
import { formatInstant } from "../format/instant.ts";
import { countOf } from "../format/number.ts";
import { formatAge } from "../format/relative-time.ts";
import { useNow } from "../parts/now.ts";
import { zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";
import { paths } from "../url/paths.ts";

export function ConnectionNote(): ReactNode {
  const connection = useStore(connectionStore);
  return (
    <div className="connection-place" role="status">
      {connection.state === "lost" ? <LostNote answeredAtMs={connection.answeredAtMs} /> : null}
      {connection.state === "connected" && connection.healedAfterMs !== undefined ? (
        <HealedNote
          forMs={connection.healedAfterMs}
          healedAtMs={connection.healedAtMs ?? Number.POSITIVE_INFINITY}
        />
      ) : null}
    </div>
  );
}

/** An interruption as it ended, in the browser's time. */
interface Interruption {
  readonly forMs: number;
  readonly healedAtMs: number;
}

function HealedNote(props: Interruption): ReactNode {
  const overview = useQuery(overviewQuery());
  const skewMs = useStore(clockSkewStore);
  // An answer from before the interruption knows nothing of it.
  const known = overview.dataUpdatedAt >= props.healedAtMs ? overview.data : undefined;
  const fromMs = props.healedAtMs - props.forMs + skewMs;
  const missed = known?.events.filter((event) => (msOf(event.at) ?? 0) >= fromMs).length;
  return (
    <p className="connection-note is-healed">
      Connected again after {formatAge(props.forMs)}; every check made meanwhile is in the charts.{" "}
      {missed === 0 ? "Nothing changed." : null}
      {missed === undefined || missed === 0 ? null : (
        <a href={`${paths.overview()}#changes-title`}>
          {countOf(missed, "change")} while it was gone
        </a>
      )}
    </p>
  );
}

function LostNote(props: { readonly answeredAtMs: number | undefined }): ReactNode {
  const nowMs = useNow();
  const zone = useStore(zoneStore);
  if (props.answeredAtMs === undefined) {
    return (
      <p className="connection-note is-lost">
        The server does not answer. The page tries again every two seconds.
      </p>
    );
  }
  return (
    <p className="connection-note is-lost">
      Connection lost {formatAge(nowMs - props.answeredAtMs)} ago. What you see is from{" "}
      {formatInstant(props.answeredAtMs, zone, "time")}. The page tries again every two seconds.
    </p>
  );
}
