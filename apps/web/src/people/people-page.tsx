// People and programs: who is signed in here, who else may, keys of programs, and accounts. What the caller may not see is
// not there.

import { useQuery } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { callerQuery } from "../api/queries.ts";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { AccountChoice } from "./account-choice.tsx";
import { Accounts } from "./accounts.tsx";
import { Keys } from "./keys.tsx";
import { roleWord } from "./role-words.ts";
import { Users } from "./users.tsx";
import { You } from "./you.tsx";

export function PeoplePage(): ReactNode {
  useTitle("People");
  const caller = useQuery(callerQuery());
  if (caller.data !== undefined) return <People caller={caller.data} />;
  if (caller.isError) {
    return (
      <ProblemNote
        error={caller.error}
        title="Who is signed in here could not be read"
        onRetry={() => void caller.refetch()}
      />
    );
  }
  return <PageSkeleton what="people" />;
}

function People(props: { readonly caller: peopleV1.GetCallerResponse }): ReactNode {
  const { caller } = props;
  const may = (procedure: string): boolean => caller.procedures.includes(procedure);
  return (
    <>
      <header className="page-head">
        <h1>People</h1>
        <p className="page-sentence">{sentenceOf(caller)}</p>
        <AccountChoice caller={caller} />
        {may("ListAuditEntries") ? (
          <div className="button-row">
            <a className="button" href={paths.audit()}>
              Audit trail
            </a>
          </div>
        ) : null}
      </header>
      <You caller={caller} />
      {may("ListUsers") ? <Users caller={caller} /> : null}
      {may("ListKeys") ? <Keys caller={caller} /> : null}
      {may("ListAccounts") ? <Accounts caller={caller} /> : null}
    </>
  );
}

function sentenceOf({ kind, name, role, account }: peopleV1.GetCallerResponse): string {
  const sees = account === undefined ? "" : ` of the account ${account.name || account.id}`;
  if (kind === "user") return `You are ${name}, ${roleWord(role)}${sees}.`;
  return "This browser was let in with a one-time key, and may do everything.";
}
