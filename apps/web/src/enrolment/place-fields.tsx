// Where an agent stands, as a person writes it: the same fields when a token is made and when a registration is approved.

import { type ReactNode, useId } from "react";

export interface Place {
  readonly country: string;
  readonly network: string;
  readonly location: string;
}

export const PLACE_EMPTY: Place = { country: "", network: "", location: "" };

/** What is wrong with a country; empty: nothing. */
export function countryProblem(country: string): string {
  return country === "" || /^[A-Za-z]{2}$/.test(country)
    ? ""
    : "Two letters of ISO 3166, such as CH; or nothing.";
}

export function PlaceFields(props: {
  readonly place: Place;
  readonly onChange: (place: Place) => void;
}): ReactNode {
  const { place, onChange } = props;
  const id = useId();
  const problem = countryProblem(place.country);
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-location`}>Place</label>
        <input
          id={`${id}-location`}
          type="text"
          maxLength={200}
          value={place.location}
          placeholder="Zürich, rack 4"
          onChange={(event) => onChange({ ...place, location: event.target.value })}
        />
      </div>
      <div className="field is-short">
        <label htmlFor={`${id}-country`}>Country</label>
        <input
          id={`${id}-country`}
          type="text"
          value={place.country}
          placeholder="CH"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== ""}
          aria-describedby={`${id}-country-problem`}
          onChange={(event) => onChange({ ...place, country: event.target.value })}
        />
        <span id={`${id}-country-problem`} className="field-note" role="status">
          {problem}
        </span>
      </div>
      <div className="field">
        <label htmlFor={`${id}-network`}>Network</label>
        <input
          id={`${id}-network`}
          type="text"
          maxLength={200}
          value={place.network}
          placeholder="AS64500 Example"
          onChange={(event) => onChange({ ...place, network: event.target.value })}
        />
      </div>
    </>
  );
}
