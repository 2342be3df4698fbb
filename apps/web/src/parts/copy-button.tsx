// Copies a text. Where the browser refuses (a page without a secure origin), it says so: the text can still be selected.

import { type ReactNode, useState } from "react";

/** How long it says that it did. */
const SAYS_MS = 3_000;

export function CopyButton(props: {
  readonly text: string;
  readonly name: string;
  readonly plain?: boolean;
}): ReactNode {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.text);
      setSaid("Copied");
    } catch {
      setSaid("The browser refuses: select it and copy");
    }
    setTimeout(() => setSaid(""), SAYS_MS);
  };
  return (
    <button
      type="button"
      className={props.plain === true ? "button is-plain" : "button"}
      onClick={() => void copy()}
    >
      <span aria-live="polite">{said === "" ? props.name : said}</span>
    </button>
  );
}
