// Why no passkey is offered on this page, and what to do.

import type { ReactNode } from "react";
import { Command } from "../parts/states.tsx";
import { passkeyPlace } from "../sign-in/passkey.ts";

export function NoPasskeysHere(props: { readonly origin: string }): ReactNode {
  switch (passkeyPlace(props.origin)) {
    case "here":
      return null;
    case "elsewhere":
      return (
        <p className="soft">
          Passkeys belong to a name and never to an address: those of this dashboard work at{" "}
          <a href={`${props.origin}/people`}>{props.origin}</a> alone. Open it there.
        </p>
      );
    case "unsupported":
      return <p className="soft">This browser has no passkeys. Use another one.</p>;
    case "nowhere":
      return (
        <p className="soft">
          There are no passkeys here: they belong to a name and never to an address, and need HTTPS.
          Give the dashboard a name and a certificate, and set it in the server's configuration,
          such as <Command text={'listen.public_url = "https://clocks.example"'} />
        </p>
      );
  }
}
