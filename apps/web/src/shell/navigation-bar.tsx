// The pages in the top bar; on a telephone, whose bar is below, those that are gone to most, and a button for the others.

import { type ReactNode, useEffect, useRef } from "react";
import { ALWAYS_SHOWN, NAVIGATION, type NavigationEntry } from "./navigation.ts";

const SHOWN = NAVIGATION.slice(0, ALWAYS_SHOWN);
const OTHERS = NAVIGATION.slice(ALWAYS_SHOWN);

export function NavigationBar(props: { readonly path: string }): ReactNode {
  const { path } = props;
  const others = useRef<HTMLDivElement>(null);
  // Whoever has gone to one of them is done with the list.
  useEffect(() => others.current?.hidePopover(), [path]);
  const isAmongOthers = OTHERS.some(({ covers }) => covers.test(path));
  return (
    <nav className="navigation" aria-label="Pages">
      <Links entries={SHOWN} path={path} />
      <button
        type="button"
        className={isAmongOthers ? "more-button is-here" : "more-button"}
        popoverTarget="more-pages"
      >
        <svg width={20} height={20} viewBox="0 0 20 20" aria-hidden="true">
          <path d="M4 10h.01M10 10h.01M16 10h.01" />
        </svg>
        <span>More</span>
      </button>
      <div id="more-pages" className="more-pages" popover="auto" ref={others}>
        <Links entries={OTHERS} path={path} />
      </div>
    </nav>
  );
}

function Links(props: {
  readonly entries: readonly NavigationEntry[];
  readonly path: string;
}): ReactNode {
  return props.entries.map(({ href, name, key, covers, icon }) => (
    <a
      key={href}
      href={href}
      aria-current={covers.test(props.path) ? "page" : undefined}
      title={`Keys: g ${key}`}
    >
      <svg width={20} height={20} viewBox="0 0 20 20" aria-hidden="true">
        <path d={icon} />
      </svg>
      <span>{name}</span>
    </a>
  ));
}
