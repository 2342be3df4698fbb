// One cell opened: what it says, and where its checks are.

import type { ReactNode } from "react";
import { paths } from "../url/paths.ts";
import type { HeatGrid, HeatPlace } from "./heat-grid.ts";
import { cellFacts } from "./heat-words.ts";

export function OpenedPair(props: {
  readonly grid: HeatGrid;
  readonly place: HeatPlace;
  readonly search: string;
  readonly onClose: () => void;
}): ReactNode {
  const { grid, place, search, onClose } = props;
  const server = grid.rows[place.row];
  const monitor = grid.columns[place.column];
  if (server === undefined || monitor === undefined) return null;
  return (
    <section className="opened-pair" aria-labelledby="pair-title">
      <header className="opened-pair-head">
        <h2 id="pair-title">
          {server.name} from {monitor.name}
        </h2>
        <button type="button" className="button is-plain is-small" onClick={onClose}>
          Close
        </button>
      </header>
      <dl className="heat-facts">
        {cellFacts(grid.figuresAt(place)).map(({ term, text, title }) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd className="number" title={title}>
              {text}
            </dd>
          </div>
        ))}
      </dl>
      <p className="button-row">
        <a
          className="button is-small"
          href={paths.server(server.id, `?monitor=${monitor.id}${search}`)}
        >
          Its checks over time
        </a>
        <a className="button is-small" href={paths.score(server.id, monitor.id)}>
          Its score, step by step
        </a>
      </p>
    </section>
  );
}
