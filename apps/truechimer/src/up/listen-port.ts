// The dashboard's port: the one that a person chose, or ours, or a free one where ours is taken.

import { createServer } from "node:net";

/** Whether something could listen there now. Another program may still be faster than us. */
export function portIsFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once("error", () => resolve(false));
    listener.listen({ host, port, exclusive: true }, () => listener.close(() => resolve(true)));
  });
}

export interface PortWish {
  readonly host: string;
  readonly port: number;
  readonly portChosen: boolean;
}

/** 0 stands for any free port. A chosen port is given back as it is: if it is taken, that is an error. */
export async function portToListenOn({ host, port, portChosen }: PortWish): Promise<number> {
  return portChosen || (await portIsFree(host, port)) ? port : 0;
}
