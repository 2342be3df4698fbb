// Registrations as a table: who, from where, since when; each opens its own page.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { useState } from "react";
import { msOf } from "../api/message.ts";
import { useHeld } from "../parts/held.ts";
import { Nothing, TimeAgo } from "../parts/values.tsx";
import { paths } from "../url/paths.ts";
import {
  isWaiting,
  REGISTRATION_DEFINITIONS,
  registrationName,
  registrationState,
} from "./registration-words.ts";

export function WaitingRegistrations(props: {
  readonly registrations: readonly adminV1.Registration[];
  /** Beside something else: only who, from where and what became of it. */
  readonly compact?: boolean;
}): ReactNode {
  const [pointerInside, setPointerInside] = useState(false);
  const rows = useHeld(props.registrations, pointerInside);
  return (
    <div
      className="table-scroll"
      onPointerEnter={() => setPointerInside(true)}
      onPointerLeave={() => setPointerInside(false)}
    >
      <table
        className={`table registrations${props.compact === true ? " is-compact is-brief" : ""}`}
      >
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Heard from</th>
            <th scope="col" className="is-minor">
              Account
            </th>
            <th scope="col" className="is-minor">
              Version
            </th>
            <th scope="col" className="is-number">
              Asked
            </th>
            <th scope="col">
              <span className="visually-hidden">Decision</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <RegistrationRow key={row.id} registration={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RegistrationRow(props: { readonly registration: adminV1.Registration }): ReactNode {
  const { registration } = props;
  const name = registrationName(registration);
  const state = registrationState(registration.status);
  return (
    <tr>
      <th scope="row">
        <a href={paths.registration(registration.id)}>{name}</a>
      </th>
      <td className="registration-addresses">
        {registration.addresses.length === 0 ? (
          <Nothing why="no address yet" />
        ) : (
          registration.addresses.map((address) => (
            <span key={address} className="number">
              {address}
            </span>
          ))
        )}
      </td>
      <td className="is-minor">
        {registration.account === "" ? <Nothing /> : registration.account}
      </td>
      <td className="is-minor">
        {registration.clientVersion === "" ? <Nothing /> : registration.clientVersion}
      </td>
      <td className="is-number">
        <TimeAgo atMs={msOf(registration.createdAt)} />
      </td>
      <td className="is-number">
        {isWaiting(registration) ? (
          <a className="button is-small" href={paths.registration(registration.id)}>
            Decide<span className="visually-hidden"> on {name}</span>
          </a>
        ) : (
          <span title={REGISTRATION_DEFINITIONS[state]}>
            {state}
            {registration.decidedBy === "" ? "" : ` by ${registration.decidedBy}`}
          </span>
        )}
      </td>
    </tr>
  );
}
