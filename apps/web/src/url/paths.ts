// The address of every page.

export const paths = {
  overview: (): string => "/",
  servers: (search = ""): string => `/servers${search}`,
  server: (id: bigint, search = ""): string => `/servers/${id}${search}`,
  check: (id: bigint): string => `/checks/${id}`,
  monitors: (): string => "/monitors",
  operations: (): string => "/operations",
  help: (page: string, anchor = ""): string => `/help/${page}${anchor === "" ? "" : `#${anchor}`}`,
} as const;

/** A row's id from an address; undefined: it is none. */
export function parseId(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : undefined;
}
