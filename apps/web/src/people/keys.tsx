// API keys of programs: what each may do, when it was used, and how it ends.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { keysQuery } from "../api/queries.ts";
import { useNow } from "../parts/now.ts";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { TimeAgo } from "../parts/values.tsx";
import { AskFirst } from "./ask-first.tsx";
import { CreateKey } from "./create-key.tsx";
import { roleWord } from "./role-words.ts";
import { ToldOnce } from "./told-once.tsx";

export function Keys(props: { readonly caller: peopleV1.GetCallerResponse }): ReactNode {
  const keys = useQuery(keysQuery());
  const [secret, setSecret] = useState("");
  const [making, setMaking] = useState(false);
  return (
    <section aria-labelledby="api-keys-title">
      <h2 id="api-keys-title">API keys</h2>
      {secret === "" ? null : (
        <ToldOnce title="The key" secret={secret} onDone={() => setSecret("")}>
          Put it where the program finds it, readable by its owner alone. It is not shown again.
        </ToldOnce>
      )}
      {keys.data !== undefined ? (
        <KeyTable keys={keys.data.keys} />
      ) : keys.isError ? (
        <ProblemNote
          error={keys.error}
          title="The keys could not be read"
          onRetry={() => void keys.refetch()}
        />
      ) : (
        <AfterWait>
          <div className="skeleton-row" />
        </AfterWait>
      )}
      <div className="button-row">
        <button
          type="button"
          className="button"
          aria-expanded={making}
          onClick={() => setMaking(!making)}
        >
          Make a key
        </button>
      </div>
      {making ? (
        <CreateKey
          most={props.caller.role}
          onMade={(made) => {
            setMaking(false);
            setSecret(made);
          }}
        />
      ) : null}
    </section>
  );
}

function KeyTable(props: { readonly keys: readonly peopleV1.ApiKey[] }): ReactNode {
  if (props.keys.length === 0) {
    return (
      <p className="soft">
        No program has a key of its own. Make one for each, so that each can be revoked alone.
      </p>
    );
  }
  return (
    <div className="table-scroll">
      <table className="table api-keys-table">
        <thead>
          <tr>
            <th scope="col">For</th>
            <th scope="col">Role</th>
            <th scope="col" className="is-minor">
              Opens
            </th>
            <th scope="col" className="is-number">
              Used
            </th>
            <th scope="col" className="is-number is-minor">
              Ends
            </th>
            <th scope="col" className="is-minor">
              Made by
            </th>
            <th scope="col">
              <span className="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.keys.map((key) => (
            <KeyRow key={key.id.toString()} apiKey={key} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function KeyRow({ apiKey }: { readonly apiKey: peopleV1.ApiKey }): ReactNode {
  const queries = useQueryClient();
  const nowMs = useNow();
  const endsMs = msOf(apiKey.expiresAt);
  const ended = endsMs !== undefined && endsMs <= nowMs;
  return (
    <tr className={ended ? "is-stale" : ""}>
      <th scope="row">{apiKey.name}</th>
      <td>
        {roleWord(apiKey.role)}
        {apiKey.accountId === "" ? null : <span className="soft"> of {apiKey.accountId}</span>}
      </td>
      <td className="is-minor" title={apiKey.procedures.join(", ")}>
        {apiKey.procedures.length === 0 ? "all of its role" : proceduresText(apiKey.procedures)}
      </td>
      <td className="is-number">
        <TimeAgo atMs={msOf(apiKey.lastUsedAt)} />
      </td>
      <td className="is-number is-minor">
        {endsMs === undefined ? (
          <span className="soft">when revoked</span>
        ) : (
          <TimeAgo atMs={endsMs} />
        )}
      </td>
      <td className="is-minor">{apiKey.createdBy}</td>
      <td className="is-number">
        <AskFirst
          word="Revoke"
          what={`the key ${apiKey.name}`}
          title={`Revoke the key ${apiKey.name}?`}
          act={async () => {
            await peopleClient.revokeKey({ id: apiKey.id });
            tellDone(`The key ${apiKey.name} opens nothing any more`);
            await queries.invalidateQueries({ queryKey: ["keys"] });
          }}
        >
          <p>
            The program that has it is refused from now on. This cannot be undone: make another.
          </p>
        </AskFirst>
      </td>
    </tr>
  );
}

function proceduresText(procedures: readonly string[]): string {
  const [first = "", ...others] = procedures;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
