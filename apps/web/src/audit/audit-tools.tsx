// What is looked for in the trail: who, what, and from which day to which.

import { type FormEvent, type ReactNode, useState } from "react";
import type { Search } from "../url/search.ts";
import type { ChangeSearch } from "../url/use-search.ts";

const FIELDS = ["who", "what", "from", "to"] as const;

export function AuditTools(props: {
  readonly search: Search;
  readonly onChange: ChangeSearch;
}): ReactNode {
  const { search, onChange } = props;
  const isNarrowed = FIELDS.some((field) => search[field] !== undefined);
  // Going back in the browser's history shows what was looked for then.
  return (
    <SearchForm
      key={FIELDS.map((field) => search[field] ?? "").join("\n")}
      search={search}
      onChange={onChange}
    >
      {isNarrowed ? (
        <button
          type="button"
          className="button is-plain"
          onClick={() =>
            onChange({
              who: undefined,
              what: undefined,
              from: undefined,
              to: undefined,
              page: undefined,
            })
          }
        >
          Show all
        </button>
      ) : null}
    </SearchForm>
  );
}

function SearchForm(props: {
  readonly search: Search;
  readonly onChange: ChangeSearch;
  readonly children: ReactNode;
}): ReactNode {
  const { search, onChange } = props;
  const [words, setWords] = useState({
    who: search["who"] ?? "",
    what: search["what"] ?? "",
    from: search["from"] ?? "",
    to: search["to"] ?? "",
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onChange({ ...words, page: undefined });
  };
  return (
    <form className="tools audit-tools" role="search" aria-label="Audit trail" onSubmit={submit}>
      <label>
        <span>Who</span>
        <input
          type="search"
          maxLength={100}
          value={words.who}
          onChange={(event) => setWords({ ...words, who: event.target.value })}
        />
      </label>
      <label>
        <span>What</span>
        <input
          type="search"
          maxLength={100}
          placeholder="servers paused, server 5"
          value={words.what}
          onChange={(event) => setWords({ ...words, what: event.target.value })}
        />
      </label>
      <label>
        <span>From</span>
        <input
          type="date"
          value={words.from}
          onChange={(event) => setWords({ ...words, from: event.target.value })}
        />
      </label>
      <label>
        <span>To (UTC)</span>
        <input
          type="date"
          value={words.to}
          onChange={(event) => setWords({ ...words, to: event.target.value })}
        />
      </label>
      <button type="submit" className="button">
        Search
      </button>
      {props.children}
    </form>
  );
}
