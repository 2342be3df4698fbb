// Text with addresses and names in it, which may go on in the next line where a person would break it.

import { Fragment, type ReactNode } from "react";

/** Behind a slash, and within names behind a dot, a hyphen or an underscore; never within numbers, days and addresses. */
const MAY_BREAK = /(?<=\/)(?!\/)|(?<=[a-z][._-])(?=[a-z])/i;

/** `text` as it is: a break shows as none of its characters. */
export function Breakable({ text }: { readonly text: string }): ReactNode {
  return text.split(MAY_BREAK).map((part, index) => (
    // The parts of a text are told apart by their place alone.
    // oxlint-disable-next-line react/no-array-index-key
    <Fragment key={index}>
      {index === 0 ? null : <wbr />}
      {part}
    </Fragment>
  ));
}
