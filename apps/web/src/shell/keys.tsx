// The keyboard: "/" searches, "?" lists the keys, "g" and a letter goes to a page. Nothing happens while somebody types.

import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect, useRef } from "react";
import { NAVIGATION } from "./navigation.ts";

/** Longest pause between "g" and its letter. */
const SEQUENCE_MS = 1_500;

export interface Keys {
  readonly dialog: { readonly current: HTMLDialogElement | null };
  readonly show: () => void;
}

/** Listens to the keyboard for as long as the page lives. */
export function useKeys(): Keys {
  const dialog = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  const show = useCallback(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let goneAtMs = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (dialog.current?.open === true) return;
      const entry = NAVIGATION.find(({ key }) => key === event.key);
      if (entry !== undefined && event.timeStamp - goneAtMs < SEQUENCE_MS) {
        goneAtMs = Number.NEGATIVE_INFINITY;
        event.preventDefault();
        void navigate({ to: entry.href });
        return;
      }
      goneAtMs = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (event.key === "?") show();
      else if (event.key === "/") {
        event.preventDefault();
        focusSearch(() => void navigate({ to: "/servers" }));
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate, show]);
  return { dialog, show };
}

/** The page's own search field, or that of the servers. */
function focusSearch(goToServers: () => void): void {
  const field = document.querySelector<HTMLInputElement>("input[type=search]");
  if (field !== null) {
    field.focus();
    field.select();
    return;
  }
  goToServers();
  const observer = new MutationObserver(() => {
    const appeared = document.querySelector<HTMLInputElement>("input[type=search]");
    if (appeared === null) return;
    observer.disconnect();
    appeared.focus();
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)) &&
    target.getAttribute("type") !== "checkbox"
  );
}

interface KeyHelp {
  readonly keys: readonly string[];
  readonly does: string;
}

const EVERYWHERE: readonly KeyHelp[] = [
  { keys: ["/"], does: "search what the page lists, or the servers" },
  ...NAVIGATION.map(({ key, name }) => ({ keys: ["g", key], does: `go to ${name}` })),
  { keys: ["?"], does: "this list" },
];

const AXIS: readonly KeyHelp[] = [
  { keys: ["←", "→"], does: "next clock along the axis" },
  { keys: ["Enter"], does: "open it" },
];

const CHARTS: readonly KeyHelp[] = [
  { keys: ["←", "→"], does: "move the crosshair; with Shift ten times as far" },
  { keys: ["↑", "↓"], does: "next monitor" },
  { keys: ["Enter"], does: "open the check under the crosshair" },
  { keys: ["+", "−"], does: "zoom in and out" },
  { keys: ["Esc"], does: "the whole range again" },
];

const HEAT_MAP: readonly KeyHelp[] = [
  { keys: ["←", "→", "↑", "↓"], does: "walk over the cells" },
  { keys: ["Enter"], does: "keep the pair open" },
];

const CHECKS: readonly KeyHelp[] = [
  { keys: ["["], does: "the check before" },
  { keys: ["]"], does: "the check after" },
];

/** The list of keys. */
export function KeysDialog(props: { readonly keys: Keys }): ReactNode {
  return (
    <dialog className="dialog" ref={props.keys.dialog} aria-labelledby="keys-title">
      <form method="dialog">
        <header className="dialog-head">
          <h2 id="keys-title">Keys</h2>
          <button type="submit" className="button is-plain">
            Close
          </button>
        </header>
        <div className="keys-columns">
          <KeyGroup title="Everywhere" helps={EVERYWHERE} />
          <KeyGroup title="On the offset axis" helps={AXIS} />
          <KeyGroup title="In a time chart" helps={CHARTS} />
          <KeyGroup title="On the heat map" helps={HEAT_MAP} />
          <KeyGroup title="On a check" helps={CHECKS} />
        </div>
      </form>
    </dialog>
  );
}

function KeyGroup(props: {
  readonly title: string;
  readonly helps: readonly KeyHelp[];
}): ReactNode {
  return (
    <section>
      <h3>{props.title}</h3>
      <dl className="keys">
        {props.helps.map((help) => (
          <div key={help.does}>
            <dt>
              {help.keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{help.does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
