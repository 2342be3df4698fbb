// What was just done, with its undo. Read out politely, takes no focus, waits while somebody is over it.

import { type ReactNode, useEffect, useState } from "react";
import { problemOf } from "../api/problem.ts";
import { createStore, type Store, useStore } from "./store.ts";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "done" | "failed";
  readonly undo: (() => Promise<string>) | undefined;
}

const TOASTS_MAX = 4;
const STAYS_MS = 10_000;

const toastStore: Store<readonly Toast[]> = createStore<readonly Toast[]>([]);
let nextId = 1;

/** Tells what was done. `undo` takes it back and gives the sentence that says so. */
export function tellDone(text: string, undo?: () => Promise<string>): void {
  push({ text, tone: "done", undo });
}

/** Tells that something failed, with the reason and the remedy. */
export function tellFailed(what: string, error: unknown): void {
  const problem = problemOf(error);
  push({ text: `${what}: ${problem.message}. ${problem.remedy}`, tone: "failed", undo: undefined });
}

function push(toast: Omit<Toast, "id">): void {
  const id = nextId;
  nextId += 1;
  toastStore.set([...toastStore.get(), { ...toast, id }].slice(-TOASTS_MAX));
}

function dismiss(id: number): void {
  toastStore.set(toastStore.get().filter((toast) => toast.id !== id));
}

/** The place where they appear. */
export function Toasts(): ReactNode {
  const toasts = useStore(toastStore);
  const [held, setHeld] = useState(false);
  return (
    <div
      className="toasts"
      role="status"
      aria-live="polite"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {toasts.map((toast) => (
        <ToastNote key={toast.id} toast={toast} held={held} />
      ))}
    </div>
  );
}

function ToastNote(props: { readonly toast: Toast; readonly held: boolean }): ReactNode {
  const { toast, held } = props;
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (held || busy || toast.tone === "failed") return undefined;
    let timer = setTimeout(leave, STAYS_MS);
    function leave(): void {
      // Behind an open dialog nobody can reach the undo: it waits.
      if (document.querySelector("dialog:modal") === null) dismiss(toast.id);
      else timer = setTimeout(leave, STAYS_MS);
    }
    return () => clearTimeout(timer);
  }, [toast, held, busy]);
  const undo = toast.undo;
  return (
    <div className={`toast is-${toast.tone}`}>
      <span>{toast.text}</span>
      {undo === undefined ? null : (
        <button
          type="button"
          className="button is-plain"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            undo().then(
              (text) => {
                dismiss(toast.id);
                tellDone(text);
              },
              (error: unknown) => {
                setBusy(false);
                tellFailed("Not undone", error);
              },
            );
          }}
        >
          Undo
        </button>
      )}
      <button type="button" className="button is-plain" onClick={() => dismiss(toast.id)}>
        Dismiss
      </button>
    </div>
  );
}
