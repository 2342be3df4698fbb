// Wheel, shift-drag and two fingers on a chart, as changes of the view.

import { pan, type View, zoomAt } from "./view.ts";

export interface GestureTarget {
  readonly view: () => View;
  readonly nowMs: () => number;
  /** `settled`: the gesture is over. */
  readonly change: (view: View, settled: boolean) => void;
}

const WHEEL_STEP = 0.0016;
const WHEEL_SETTLED_MS = 220;
/** A wheel that was turning the page when the chart came under it goes on turning the page. */
const PAGE_SCROLL_MS = 300;

/** Listens on a chart's inside. Returns what ends it. */
export function listenToGestures(over: HTMLElement, target: GestureTarget): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  listenToWheel(over, target, signal);
  listenToPinch(over, target, signal);
  return () => abort.abort();
}

function atOf(over: HTMLElement, clientX: number, view: View): number {
  const { left, width } = over.getBoundingClientRect();
  return view.fromMs + ((clientX - left) / width) * (view.toMs - view.fromMs);
}

function listenToWheel(over: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  let settle: ReturnType<typeof setTimeout> | undefined;
  let pageScrolledAt = Number.NEGATIVE_INFINITY;
  document.addEventListener(
    "scroll",
    () => {
      pageScrolledAt = performance.now();
    },
    { signal, passive: true },
  );
  over.addEventListener(
    "wheel",
    (event) => {
      const turning = performance.now() - pageScrolledAt < PAGE_SCROLL_MS;
      if (turning && !event.ctrlKey) return;
      event.preventDefault();
      const view = target.view();
      const span = view.toMs - view.fromMs;
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
      const next = sideways
        ? pan(view, ((event.deltaX * pixels) / over.clientWidth) * span, target.nowMs())
        : zoomAt(
            view,
            atOf(over, event.clientX, view),
            Math.exp(event.deltaY * pixels * WHEEL_STEP),
            target.nowMs(),
          );
      target.change(next, false);
      clearTimeout(settle);
      settle = setTimeout(() => target.change(target.view(), true), WHEEL_SETTLED_MS);
    },
    { signal, passive: false },
  );
}

/** Shift-drag: the time under the pointer stays under it. */
export function startPan(over: HTMLElement, start: MouseEvent, target: GestureTarget): void {
  const abort = new AbortController();
  const { signal } = abort;
  const begin = target.view();
  const perPixel = (begin.toMs - begin.fromMs) / over.clientWidth;
  const move = (event: MouseEvent): View =>
    pan(begin, (start.clientX - event.clientX) * perPixel, target.nowMs());
  start.preventDefault();
  document.addEventListener("mousemove", (event) => target.change(move(event), false), { signal });
  document.addEventListener(
    "mouseup",
    (event) => {
      abort.abort();
      target.change(move(event), true);
    },
    { signal },
  );
}

/** Two fingers: the times under them stay under them. */
function listenToPinch(over: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  const fingers = new Map<number, number>();
  let grip: { readonly a: number; readonly b: number } | undefined;
  const xs = (): readonly [number, number] | undefined => {
    const [a, b] = [...fingers.values()];
    return a === undefined || b === undefined || Math.abs(a - b) < 8 ? undefined : [a, b];
  };
  const regrip = (): void => {
    const pair = xs();
    const view = target.view();
    grip =
      pair === undefined
        ? undefined
        : { a: atOf(over, pair[0], view), b: atOf(over, pair[1], view) };
  };
  over.addEventListener(
    "pointerdown",
    (event) => {
      if (event.pointerType !== "touch") return;
      fingers.set(event.pointerId, event.clientX);
      regrip();
    },
    { signal },
  );
  over.addEventListener(
    "pointermove",
    (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event.clientX);
      const pair = xs();
      if (pair === undefined || grip === undefined) return;
      target.change(pinchedView(over, pair, grip), false);
    },
    { signal },
  );
  const lift = (event: PointerEvent): void => {
    if (!fingers.delete(event.pointerId)) return;
    if (grip !== undefined && fingers.size < 2) target.change(target.view(), true);
    regrip();
  };
  over.addEventListener("pointerup", lift, { signal });
  over.addEventListener("pointercancel", lift, { signal });
}

function pinchedView(
  over: HTMLElement,
  [x1, x2]: readonly [number, number],
  grip: { readonly a: number; readonly b: number },
): View {
  const { left, width } = over.getBoundingClientRect();
  const perPixel = (grip.b - grip.a) / (x2 - x1);
  const fromMs = grip.a - (x1 - left) * perPixel;
  return { fromMs, toMs: fromMs + width * perPixel };
}
