// A chart stack in step with a component: created once, updated on every rendering.

import { type RefObject, useEffect, useRef } from "react";
import type { ChartState } from "./chart-drawings.ts";
import { type ChartStack, type ChartStackOptions, createChartStack } from "./chart-stack.ts";

type StackHandlers = Pick<ChartStackOptions, "onView" | "onReset" | "onOpen" | "onPointer">;

/** `ref` is the element that holds one element for each panel. */
export function useChartStack(
  ref: RefObject<HTMLDivElement | null>,
  state: ChartState,
  handlers: StackHandlers,
): RefObject<ChartStack | undefined> {
  const stack = useRef<ChartStack>(undefined);
  const latest = useRef(handlers);
  latest.current = handlers;
  const initial = useRef(state);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const created = createChartStack({
      offsetElement: panelOf(element, "offset"),
      scoreElement: panelOf(element, "score"),
      stripElement: panelOf(element, "strip"),
      state: initial.current,
      onView: (view, settled) => latest.current.onView(view, settled),
      onReset: () => latest.current.onReset(),
      onOpen: () => latest.current.onOpen(),
      onPointer: (at) => latest.current.onPointer(at),
    });
    stack.current = created;
    const observer = new ResizeObserver(() => created.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      created[Symbol.dispose]();
      stack.current = undefined;
    };
  }, [ref]);
  useEffect(() => stack.current?.update(state));
  return stack;
}

function panelOf(element: HTMLElement, name: string): HTMLElement {
  const found = element.querySelector<HTMLElement>(`[data-panel=${name}]`);
  if (found === null) throw new Error(`the charts have no panel ${name}`);
  return found;
}
