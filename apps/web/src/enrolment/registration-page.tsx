// One agent that asked to be let in: who it says it is, where it was heard from, and the decision. The address of this
// page is what the agent prints for its owner.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { adminV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { type SettableStatus, wireStatus } from "../agents/agent-actions.ts";
import { adminClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { agentsQuery, registrationsQuery } from "../api/queries.ts";
import { FieldProblem, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { Instant, Nothing, TimeAgo } from "../parts/values.tsx";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { countryProblem, PLACE_EMPTY, PlaceFields } from "./place-fields.tsx";
import {
  isWaiting,
  REGISTRATION_DEFINITIONS,
  registrationName,
  registrationState,
} from "./registration-words.ts";
import { StatusField } from "./status-field.tsx";

/** What the API takes at most. */
const REASON_LENGTH_MAX = 200;

export function RegistrationPage(): ReactNode {
  const parameters: Readonly<Record<string, string>> = useParams({ strict: false });
  const id = parameters["registrationId"] ?? "";
  const registrations = useQuery(registrationsQuery(true));
  useTitle("An agent asks to be let in");
  if (registrations.data !== undefined) {
    const registration = registrations.data.registrations.find((one) => one.id === id);
    if (registration === undefined) return <NotFoundPage what="There is no such registration" />;
    return <RegistrationReport key={id} registration={registration} />;
  }
  if (registrations.isError) {
    return (
      <ProblemNote
        error={registrations.error}
        title="The registration could not be loaded"
        onRetry={() => void registrations.refetch()}
      />
    );
  }
  return <PageSkeleton what="the registration" />;
}

interface RegistrationProps {
  readonly registration: adminV1.Registration;
}

function RegistrationReport(props: RegistrationProps): ReactNode {
  const { registration } = props;
  const state = registrationState(registration.status);
  return (
    <article>
      <header className="page-head">
        <p className="crumbs">
          <a href={paths.agents()}>Agents</a>
        </p>
        <h1>{registrationName(registration)}</h1>
        <p className="page-sentence" role="status">
          {REGISTRATION_DEFINITIONS[state]} <Decided registration={registration} />
          <EnrolledAs registration={registration} />
        </p>
      </header>
      <RegistrationFacts registration={registration} />
      {isWaiting(registration) ? (
        <div className="columns">
          <section aria-labelledby="approve-title">
            <h2 id="approve-title">Let it in</h2>
            <ApproveForm registration={registration} />
          </section>
          <section aria-labelledby="reject-title">
            <h2 id="reject-title">Refuse it</h2>
            <RejectForm registration={registration} />
          </section>
        </div>
      ) : null}
    </article>
  );
}

function Decided(props: RegistrationProps): ReactNode {
  const { registration } = props;
  const decidedAtMs = msOf(registration.decidedAt);
  if (decidedAtMs === undefined) return null;
  return (
    <>
      Decided <Instant atMs={decidedAtMs} />
      {registration.decidedBy === "" ? "" : ` by ${registration.decidedBy}`}
      {registration.reason === "" ? "." : `: “${registration.reason}”.`}
    </>
  );
}

/** The agent that came of it, by the name in its certificate. */
function EnrolledAs(props: RegistrationProps): ReactNode {
  const { registration } = props;
  const state = registrationState(registration.status);
  const letIn = state === "enrolled" || state === "approved";
  const agents = useQuery({ ...agentsQuery(), enabled: letIn });
  const agent = agents.data?.agents.find(
    ({ tlsName }) => tlsName !== "" && tlsName === registration.tlsName,
  );
  if (!letIn || agent === undefined) return null;
  return (
    <>
      {" "}
      It is <a href={paths.agent(agent.id)}>{agent.name}</a>.
    </>
  );
}

function RegistrationFacts(props: RegistrationProps): ReactNode {
  const { registration } = props;
  const text = (value: string): ReactNode => (value === "" ? <Nothing /> : value);
  return (
    <dl className="facts is-words">
      <div>
        <dt title="As the agent named its host. Nobody has proved it.">Host</dt>
        <dd>{text(registration.hostname)}</dd>
      </div>
      <div>
        <dt title="Addresses from which the agent was heard, one for each IP family.">
          Heard from
        </dt>
        <dd className="number">
          {registration.addresses.length === 0 ? <Nothing /> : registration.addresses.join(", ")}
        </dd>
      </div>
      <div>
        <dt title="To whom it will belong.">Account</dt>
        <dd>{text(registration.account)}</dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>{text(registration.clientVersion)}</dd>
      </div>
      <div>
        <dt title="The name that its certificate will have, or has.">Certificate for</dt>
        <dd>{text(registration.tlsName)}</dd>
      </div>
      <div>
        <dt>Asked</dt>
        <dd>
          <TimeAgo atMs={msOf(registration.createdAt)} />
        </dd>
      </div>
      <div>
        <dt title="While it waits it asks again every few seconds.">Last heard</dt>
        <dd>
          <TimeAgo atMs={msOf(registration.lastSeenAt)} />
        </dd>
      </div>
    </dl>
  );
}

function ApproveForm(props: RegistrationProps): ReactNode {
  const { registration } = props;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState(registration.hostname);
  const [status, setStatus] = useState<SettableStatus>("testing");
  const [place, setPlace] = useState({
    ...PLACE_EMPTY,
    country: registration.country,
    network: registration.network,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (countryProblem(place.country) !== "") return;
    run(async () => {
      await adminClient.approveRegistration({
        id: registration.id,
        name: name.trim(),
        ...place,
        country: place.country.toUpperCase(),
        status: wireStatus(status),
      });
      tellDone(`${name.trim() || registrationName(registration)} is let in as ${status}`);
      await queries.invalidateQueries();
    });
  };
  return (
    <form className="form" onSubmit={submit}>
      <div className="field">
        <label htmlFor="approve-name">Name</label>
        <input
          id="approve-name"
          type="text"
          maxLength={200}
          value={name}
          placeholder={registrationName(registration)}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <PlaceFields place={place} onChange={setPlace} />
      <StatusField status={status} onChange={setStatus} />
      {problem === undefined ? null : <FieldProblem what="It was not let in" problem={problem} />}
      <p className="form-foot">
        <button
          type="submit"
          className="button is-main"
          disabled={busy || countryProblem(place.country) !== ""}
          title="It gets its key and certificate with its next question, and work after that."
        >
          {busy ? "Letting it in…" : "Approve"}
        </button>
        <span className="soft">It fetches its key and certificate with its next question.</span>
      </p>
    </form>
  );
}

function RejectForm(props: RegistrationProps): ReactNode {
  const { registration } = props;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason.trim() === "") return;
    run(async () => {
      await adminClient.rejectRegistration({ id: registration.id, reason: reason.trim() });
      tellDone(`${registrationName(registration)} was refused`);
      await queries.invalidateQueries();
    });
  };
  return (
    <form className="form" onSubmit={submit}>
      <div className="field">
        <label htmlFor="reject-reason">Reason</label>
        <input
          id="reject-reason"
          type="text"
          value={reason}
          maxLength={REASON_LENGTH_MAX}
          aria-describedby="reject-note"
          placeholder="nobody here knows this host"
          onChange={(event) => setReason(event.target.value)}
        />
        <span id="reject-note" className="field-note">
          The agent shows it to its owner and stops. It can register again.
        </span>
      </div>
      {problem === undefined ? null : <FieldProblem what="It still waits" problem={problem} />}
      <p className="form-foot">
        <button type="submit" className="button is-grave" disabled={busy || reason.trim() === ""}>
          {busy ? "Refusing…" : "Reject"}
        </button>
      </p>
    </form>
  );
}
