// Pages for whoever has no session.

/** Help, and what a one-time link opens. */
export function isOpen(path: string): boolean {
  return path.startsWith("/help/") || path === "/welcome";
}
