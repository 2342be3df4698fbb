// An address at which there is nothing.

import type { ReactNode } from "react";
import { paths } from "../url/paths.ts";
import { useTitle } from "./use-title.ts";

export function NotFoundPage(props: { readonly what?: string }): ReactNode {
  useTitle("Not found");
  return (
    <div className="problem">
      <h1>{props.what ?? "There is no such page"}</h1>
      <p className="soft">
        The address may be mistyped, or what it named was removed and is past its retention.
      </p>
      <p>
        <a href={paths.overview()}>Overview</a> · <a href={paths.servers()}>Servers</a> ·{" "}
        <a href={paths.agents()}>Agents</a>
      </p>
    </div>
  );
}
