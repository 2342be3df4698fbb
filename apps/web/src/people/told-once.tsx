// A secret that is told once: a link, or a key. It is gone when the page is left.

import type { ReactNode } from "react";
import { CopyButton } from "../parts/copy-button.tsx";
import { Command } from "../parts/states.tsx";

export function ToldOnce(props: {
  readonly title: string;
  readonly secret: string;
  readonly children: ReactNode;
  readonly onDone: () => void;
}): ReactNode {
  return (
    <div className="told-once" role="status">
      <h3>{props.title}</h3>
      <p>{props.children}</p>
      <p>
        <Command text={props.secret} />
      </p>
      <div className="button-row">
        <CopyButton text={props.secret} name="Copy" />
        <button type="button" className="button is-plain" onClick={props.onDone}>
          I have it
        </button>
      </div>
    </div>
  );
}
