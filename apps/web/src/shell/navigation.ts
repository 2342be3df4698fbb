// The pages that can be gone to from everywhere, with the key that follows "g".

export interface NavigationEntry {
  readonly href: string;
  readonly name: string;
  readonly key: string;
  /** Addresses at which this entry is the current one. */
  readonly covers: RegExp;
  /** A path on a grid of 20 pixels. */
  readonly icon: string;
}

/** So many stand in the bar of a telephone; the others are behind a button beside them. */
export const ALWAYS_SHOWN = 4;

export const NAVIGATION: readonly NavigationEntry[] = [
  {
    href: "/",
    name: "Overview",
    key: "o",
    covers: /^\/$/,
    icon: "M2 15.5H18M10 13v5M10 5a2 2 0 1 1 0 4a2 2 0 1 1 0-4M16 6l2 2-2 2-2-2zM4 7h3",
  },
  {
    href: "/servers",
    name: "Servers",
    key: "s",
    covers: /^\/(servers|checks)/,
    icon: "M3 4.5H17M3 10H17M3 15.5H17M3 4.5h.01",
  },
  {
    href: "/agents",
    name: "Agents",
    key: "a",
    covers: /^\/(agents|coverage)/,
    icon: "M10 8a2 2 0 1 1 0 4a2 2 0 1 1 0-4M5.5 5.5a6.4 6.4 0 0 0 0 9M14.5 5.5a6.4 6.4 0 0 1 0 9",
  },
  {
    href: "/alerts",
    name: "Alerts",
    key: "e",
    covers: /^\/alerts/,
    icon: "M10 2.5a5 5 0 0 1 5 5c0 4 1.5 5 1.5 6.5h-13c0-1.5 1.5-2.5 1.5-6.5a5 5 0 0 1 5-5M8 16.5a2 2 0 0 0 4 0",
  },
  {
    href: "/live",
    name: "Live",
    key: "l",
    covers: /^\/live/,
    icon: "M2 10h3.5l2-5 3.5 10 2.5-7 1.5 2H18",
  },
  {
    href: "/heat-map",
    name: "Analytics",
    key: "y",
    covers: /^\/(heat-map|compare|movers|families|what-if)/,
    icon: "M3 3h4v4H3zM8 3h4v4H8zM13 3h4v4h-4zM3 8h4v4H3zM8 8h4v4H8zM3 13h4v4H3zM13 13h4v4h-4z",
  },
  {
    href: "/operations",
    name: "Operations",
    key: "p",
    covers: /^\/operations/,
    icon: "M16.5 10a6.5 6.5 0 1 1-2-4.7M16.5 2.5v3.5h-3.5M10 6.5V10l2.5 1.5",
  },
  {
    href: "/people",
    name: "People",
    key: "u",
    covers: /^\/(people|audit)/,
    icon: "M7.5 3.5a3 3 0 1 1 0 6a3 3 0 1 1 0-6M2 16.5a5.5 5.5 0 0 1 11 0M13 4a3 3 0 0 1 0 5.4M14.8 12.2a5.5 5.5 0 0 1 3.2 4.3",
  },
];
