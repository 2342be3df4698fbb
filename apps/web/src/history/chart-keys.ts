// What a key does in the charts.

import type { ChartModel } from "./chart-model.ts";
import { type Cursor, cursorMoved, cursorOnNextLine, firstCursor } from "./cursor.ts";
import { type View, zoomAt } from "./view.ts";

export type KeyEffect =
  | { readonly kind: "cursor"; readonly cursor: Cursor }
  | { readonly kind: "view"; readonly view: View }
  | { readonly kind: "open" }
  | { readonly kind: "reset" };

export interface KeyQuestion {
  readonly key: string;
  readonly shift: boolean;
  readonly model: ChartModel;
  readonly cursor: Cursor | undefined;
  /** The chosen line's key. */
  readonly chosen: string | undefined;
  readonly view: View;
  readonly nowMs: number;
}

const ZOOM = 0.6;
const FAR = 10;

/** The effect of a key; undefined: none of ours. The first arrow only shows where the crosshair is. */
export function keyEffect(question: KeyQuestion): KeyEffect | undefined {
  const { key, cursor, view, nowMs } = question;
  const at = cursor?.atMs ?? (view.fromMs + view.toMs) / 2;
  if (key === "Enter") return { kind: "open" };
  if (key === "Escape") return { kind: "reset" };
  if (key === "+" || key === "=") return { kind: "view", view: zoomAt(view, at, ZOOM, nowMs) };
  if (key === "-") return { kind: "view", view: zoomAt(view, at, 1 / ZOOM, nowMs) };
  const next = cursorAfter(question);
  return next === undefined ? undefined : { kind: "cursor", cursor: next };
}

function cursorAfter({ key, shift, model, cursor, chosen, view }: KeyQuestion): Cursor | undefined {
  if (!key.startsWith("Arrow")) return undefined;
  if (cursor === undefined) return firstCursor(model, chosen, view.toMs);
  const far = shift ? FAR : 1;
  if (key === "ArrowLeft") return cursorMoved(cursor, -far);
  if (key === "ArrowRight") return cursorMoved(cursor, far);
  return cursorOnNextLine(model, cursor, key === "ArrowUp" ? -1 : 1);
}
