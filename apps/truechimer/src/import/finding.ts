// What a reader of another program's configuration says of each line.

/** How the file means it. A pool is a name with several addresses; a peer is watched as any server is. */
export type NamedAs = "server" | "pool" | "peer";

/** Where a finding stands. */
export interface Place {
  /** From 1. Absent where the form does not tell it (an inline table of TOML). */
  readonly line: number | undefined;
  /** As it stands in the file, from its first word on. */
  readonly text: string;
}

/** A server that can be watched. */
export interface FoundServer extends Place {
  readonly outcome: "found";
  readonly namedAs: NamedAs;
  /** As AddServers takes it: a name in small letters or an address, with its NTP port where that is not 123. */
  readonly target: string;
  /** Absent: it is a name. */
  readonly address?: string;
  readonly port: number;
  /** The file asks for NTS. The port of its key exchange (4460) is never the NTP port, and not kept. */
  readonly nts: boolean;
  /** What the file calls it besides. Shown, not stored. */
  readonly label?: string;
}

export type Finding =
  | FoundServer
  /** Means a server, and cannot be read. */
  | (Place & { readonly outcome: "bad"; readonly message: string })
  /** Is understood, and names nothing that can be watched from here. */
  | (Place & { readonly outcome: "left_out"; readonly message: string })
  /** Says something about another matter, or nothing that we know. */
  | (Place & { readonly outcome: "passed_over" });
