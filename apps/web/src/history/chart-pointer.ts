// Where the pointer is on a chart, and a click that is meant.

/** The three charts over one time axis. */
export type Panel = "offset" | "score" | "strip";

export interface PointerAt {
  readonly atMs: number;
  /** Offset, or score, under the pointer. */
  readonly panel: Panel;
  readonly value: number;
  /** How much of the offset scale is linear. */
  readonly linearNs: number;
}

export interface PointerListener {
  /** CSS pixels within the chart. */
  readonly onMove: (x: number, y: number) => void;
  readonly onLeave: () => void;
  readonly onOpen: () => void;
}

/** A second click within this time makes it a double click, which resets and must not open. */
const DOUBLE_CLICK_MS = 260;
/** More than this is a drag. */
const STILL_PIXELS = 4;

/** Listens on a chart's inside. Returns what ends it. */
export function listenToPointer(over: HTMLElement, listener: PointerListener): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  let pressedAt: number | undefined;
  let opening: ReturnType<typeof setTimeout> | undefined;
  const tell = (event: PointerEvent): void => {
    const { left, top } = over.getBoundingClientRect();
    listener.onMove(event.clientX - left, event.clientY - top);
  };
  const press = (event: PointerEvent): void => {
    clearTimeout(opening);
    pressedAt = event.button === 0 && !event.shiftKey ? event.clientX : undefined;
    tell(event);
  };
  const click = (event: PointerEvent): void => {
    const still = pressedAt !== undefined && Math.abs(event.clientX - pressedAt) < STILL_PIXELS;
    // A finger shows what is there; only a mouse has shown it before the click.
    if (!still || event.detail !== 1 || event.pointerType !== "mouse") return;
    opening = setTimeout(listener.onOpen, DOUBLE_CLICK_MS);
  };
  over.addEventListener("pointermove", tell, { signal });
  over.addEventListener("pointerdown", press, { signal });
  over.addEventListener("click", click, { signal });
  over.addEventListener("pointerleave", listener.onLeave, { signal });
  return () => {
    clearTimeout(opening);
    abort.abort();
  };
}
