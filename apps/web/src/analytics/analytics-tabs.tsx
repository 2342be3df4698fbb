// The pages of the analytics beside each other.

import type { ReactNode } from "react";
import { paths } from "../url/paths.ts";

type Tab = "heat-map" | "compare" | "movers" | "families" | "what-if";

const TABS: readonly { readonly key: Tab; readonly word: string; readonly href: string }[] = [
  { key: "heat-map", word: "Heat map", href: paths.heatMap() },
  { key: "compare", word: "Compare", href: paths.compare() },
  { key: "movers", word: "Movers and scores", href: paths.movers() },
  { key: "families", word: "IPv4 and IPv6", href: paths.families() },
  { key: "what-if", word: "What if", href: paths.whatIf() },
];

export function AnalyticsTabs(props: { readonly current: Tab }): ReactNode {
  return (
    <nav className="tabs" aria-label="Analytics">
      {TABS.map(({ key, word, href }) => (
        <a key={key} href={href} aria-current={key === props.current ? "page" : undefined}>
          {word}
        </a>
      ))}
    </nav>
  );
}
