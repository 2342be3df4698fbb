// A listener's port: the one that a person chose, or ours, or a free one where ours is taken. Looked at before the
// database is started, so that a mistake is told at once.

import { createServer } from "node:net";
import { AppError } from "@truechimer/base";
import type { ListenAddress } from "@truechimer/server";

export interface PortWish {
  readonly host: string;
  readonly port: number;
  readonly portChosen: boolean;
  /** Of the configuration: "listen" or "agents". */
  readonly section: string;
  /** What a person types to choose another port. */
  readonly flag: string;
}

/** Fails with port_in_use when the port was chosen and is taken. */
export async function placeToListenOn(wish: PortWish): Promise<ListenAddress> {
  const { host, port, portChosen, section, flag } = wish;
  // Another program may still be faster than us.
  const place = { host, port, orFreePort: !portChosen };
  const problem = await problemWith(host, port);
  if (problem === undefined) return place;
  if (problem.code === "EADDRINUSE") {
    if (!portChosen) return place;
    throw new AppError(
      "port_in_use",
      `port ${port} of ${host} is taken by another program: stop that one, or choose another port with ${flag} (0 takes a free one)`,
      { cause: problem },
    );
  }
  throw new AppError(
    "config_bad_value",
    `${section}: ${host} port ${port} cannot be listened on (${problem.code ?? problem.message}): expected an address of this host, and a port that this account may use`,
    { cause: problem },
  );
}

function problemWith(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once("error", resolve);
    listener.listen({ host, port, exclusive: true }, () =>
      listener.close(() => resolve(undefined)),
    );
  });
}
