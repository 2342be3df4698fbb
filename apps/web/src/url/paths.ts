// The address of every page.

export const paths = {
  overview: (): string => "/",
  servers: (search = ""): string => `/servers${search}`,
  server: (id: bigint, search = ""): string => `/servers/${id}${search}`,
  /** Of one monitor, or the overall score. */
  score: (serverId: bigint, monitorId?: bigint): string =>
    `/servers/${serverId}/score${monitorId === undefined ? "" : `?monitor=${monitorId}`}`,
  /** Why each monitor watches the server, or does not. */
  selection: (serverId: bigint): string => `/servers/${serverId}/selection`,
  /** How its offsets and delays are distributed, and how stable its frequency is. */
  distribution: (serverId: bigint): string => `/servers/${serverId}/distribution`,
  coverage: (): string => "/coverage",
  compare: (search = ""): string => `/compare${search}`,
  families: (search = ""): string => `/families${search}`,
  whatIf: (search = ""): string => `/what-if${search}`,
  movers: (search = ""): string => `/movers${search}`,
  heatMap: (search = ""): string => `/heat-map${search}`,
  check: (id: bigint): string => `/checks/${id}`,
  agents: (search = ""): string => `/agents${search}`,
  agent: (id: string): string => `/agents/${encodeURIComponent(id)}`,
  addAgent: (search = ""): string => `/agents/add${search}`,
  registration: (id: string): string => `/agents/registrations/${encodeURIComponent(id)}`,
  operations: (): string => "/operations",
  people: (): string => "/people",
  audit: (search = ""): string => `/audit${search}`,
  help: (page: string, anchor = ""): string => `/help/${page}${anchor === "" ? "" : `#${anchor}`}`,
} as const;

/** A row's id from an address; undefined: it is none. */
export function parseId(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : undefined;
}
