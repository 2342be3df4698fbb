// Has a loop run now.

import { useQueryClient } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { adminClient } from "../api/client.ts";
import { tellDone, tellFailed } from "../parts/toasts.tsx";

export function RunLoopButton({ loop }: { readonly loop: adminV1.Loop }): ReactNode {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const words = loop.name.replaceAll("_", " ");
  const ask = async (): Promise<void> => {
    setAsking(true);
    try {
      const { alreadyRunning } = await adminClient.runLoop({ name: loop.name });
      tellDone(alreadyRunning ? `${words} is running already` : `${words} runs now`);
    } catch (error) {
      tellFailed(`${words} was not run`, error);
    } finally {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: ["system"] });
    }
  };
  return (
    <button
      type="button"
      className="chip"
      disabled={asking}
      aria-label={`Run now: ${words}`}
      title="Once in the cluster; the next run is a period later"
      onClick={() => void ask()}
    >
      Run now
    </button>
  );
}
