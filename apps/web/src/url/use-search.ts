// The address as state: read it, change a part of it.

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { patchSearch, type Search } from "./search.ts";

export type SearchPatch = Readonly<Record<string, string | undefined>>;
export type ChangeSearch = (patch: SearchPatch, how?: "replace" | "push") => void;

/** The search parameters, and how to change some. Typing replaces the entry in the history, choosing adds one. */
export function useSearchState(): readonly [Search, ChangeSearch] {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback<ChangeSearch>(
    (patch, how = "push") => {
      void navigate({
        to: ".",
        search: (before: Search) => patchSearch(before, patch),
        replace: how === "replace",
        resetScroll: false,
      } as never);
    },
    [navigate],
  );
  return [search, change];
}
