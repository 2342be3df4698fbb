// Ports of the loopback interface. PostgreSQL cannot choose one by itself, so we do, and try anew when somebody else was
// faster.

import { createServer } from "node:net";
import { AppError } from "@truechimer/base";

const LOOPBACK = "127.0.0.1";

/** Whether `port` of 127.0.0.1 can be listened on now; somebody may still be faster. */
export async function portIsFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

/** Whichever the system gives. */
export async function anyFreePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) {
    throw new AppError("port_in_use", `no port of ${LOOPBACK} is free: end some programs`);
  }
  return port;
}

/** AppError `port_in_use` for a port that a person chose. */
export function portTaken(port: number): AppError {
  return new AppError(
    "port_in_use",
    `port ${port} of ${LOOPBACK}, asked for the database, is in use: end the program that listens there, or choose another port`,
  );
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}
