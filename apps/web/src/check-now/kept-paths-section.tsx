// The paths to a server that are kept, the newest from each monitor, and the switch for those of each day.

import { create } from "@bufbuild/protobuf";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { adminV1 } from "@truechimer/api";
import { type ReactNode, useMemo } from "react";
import { adminClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { keptPathsQuery } from "../api/queries.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { ProblemNote } from "../parts/states.tsx";
import { tellDone, tellFailed } from "../parts/toasts.tsx";
import { TimeAgo } from "../parts/values.tsx";
import { TraceroutePicture } from "./traceroute-picture.tsx";

const PROMISE =
  "Each of its monitors makes a traceroute once a day, and when its checks begin to fail.";

export function KeptPathsSection(props: { readonly server: ServerFacts }): ReactNode {
  const { server } = props;
  const kept = useQuery(keptPathsQuery(server.id));
  const newest = useMemo(() => newestOfEach(kept.data?.traceroutes ?? []), [kept.data]);
  const answers = useMemo(() => newest.map(answerOf), [newest]);
  const youngest = newest[0];
  return (
    <>
      <div className="tools">
        <TracingButton server={server} />
        <span className="soft">{PROMISE}</span>
      </div>
      {kept.isError ? (
        <ProblemNote
          error={kept.error}
          title="The paths could not be read"
          onRetry={() => void kept.refetch()}
        />
      ) : youngest === undefined ? null : (
        <>
          <p className="soft">
            The newest from each monitor; the last of them{" "}
            <TimeAgo atMs={msOf(youngest.startedAt)} />
            {newest.some(({ atOnset }) => atOnset)
              ? ". Some were asked for by themselves, because trouble began."
              : ""}
          </p>
          <TraceroutePicture answers={answers} server={server} />
        </>
      )}
    </>
  );
}

function TracingButton(props: { readonly server: ServerFacts }): ReactNode {
  const { server } = props;
  const queries = useQueryClient();
  const set = async (traced: boolean): Promise<void> => {
    try {
      await adminClient.setServerTracing({ ids: [server.id], traced });
      tellDone(`${server.name} is ${traced ? "traced" : "not traced any more"}`);
    } catch (error) {
      tellFailed(`${server.name} stays as it was`, error);
    } finally {
      void queries.invalidateQueries();
    }
  };
  return (
    <button
      type="button"
      className="chip"
      title={PROMISE}
      aria-pressed={server.traced}
      onClick={() => void set(!server.traced)}
    >
      Keep paths
    </button>
  );
}

/** They come newest first. */
function newestOfEach(
  traceroutes: readonly adminV1.StoredTraceroute[],
): readonly adminV1.StoredTraceroute[] {
  const seen = new Set<bigint>();
  return traceroutes.filter(({ monitorId }) => {
    if (seen.has(monitorId)) return false;
    seen.add(monitorId);
    return true;
  });
}

/** A kept path is drawn as one that was just asked for. */
function answerOf({
  monitorId,
  monitorName,
  reason,
  hops,
  startedAt,
}: adminV1.StoredTraceroute): adminV1.CheckNowAnswer {
  return create(adminV1.CheckNowAnswerSchema, {
    monitorId,
    monitorName,
    reason,
    hops,
    ...(startedAt === undefined ? {} : { answeredAt: startedAt }),
  });
}
