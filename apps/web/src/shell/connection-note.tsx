// A lost connection is told at once, with what the page still shows; a healed one with how long it was gone.

import type { ReactNode } from "react";
import { connectionStore } from "../api/connection.ts";
import { formatInstant } from "../format/instant.ts";
import { formatAge } from "../format/relative-time.ts";
import { useNow } from "../parts/now.ts";
import { zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";

export function ConnectionNote(): ReactNode {
  const connection = useStore(connectionStore);
  return (
    <div className="connection-place" role="status">
      {connection.state === "lost" ? <LostNote answeredAtMs={connection.answeredAtMs} /> : null}
      {connection.state === "connected" && connection.healedAfterMs !== undefined ? (
        <p className="connection-note is-healed">
          Connected again after {formatAge(connection.healedAfterMs)}. Everything shown is up to
          date; what happened meanwhile is in the charts and events.
        </p>
      ) : null}
    </div>
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
