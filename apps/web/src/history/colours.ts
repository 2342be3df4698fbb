// The tokens' colours as a canvas needs them: resolved for the theme that is shown.

export interface ChartColours {
  readonly ink: string;
  readonly soft: string;
  readonly paper: string;
  readonly hairline: string;
  readonly hairlineStrong: string;
  readonly rest: string;
  readonly median: string;
  readonly band: string;
  readonly falseticker: string;
  readonly unreachable: string;
  readonly truechimer: string;
  readonly unsure: string;
  readonly accent: string;
  readonly lines: readonly string[];
  /** Steps of a heat map, least to most. */
  readonly heat: readonly string[];
  /** Texts on them. */
  readonly onHeat: readonly string[];
  readonly font: string;
}

/** So many monitors get a colour of their own; the rest are grey until they are pointed at. */
const LINE_COLOURS = 8;
const HEAT_COLOURS = 7;

/** Reads them from a probe element, because a custom property keeps its unresolved text. */
export function readColours(element: HTMLElement): ChartColours {
  const probe = document.createElement("span");
  element.append(probe);
  const colour = (token: string): string => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const colours: ChartColours = {
    ink: colour("ink"),
    soft: colour("ink-soft"),
    paper: colour("paper"),
    hairline: colour("hairline"),
    hairlineStrong: colour("hairline-strong"),
    rest: colour("line-rest"),
    median: colour("median"),
    band: colour("median-band"),
    falseticker: colour("falseticker"),
    unreachable: colour("unreachable"),
    truechimer: colour("truechimer"),
    unsure: colour("unsure"),
    accent: colour("accent"),
    lines: Array.from({ length: LINE_COLOURS }, (_unused, index) => colour(`line-${index + 1}`)),
    heat: Array.from({ length: HEAT_COLOURS }, (_unused, index) => colour(`heat-${index}`)),
    onHeat: Array.from({ length: HEAT_COLOURS }, (_unused, index) => colour(`on-heat-${index}`)),
    font: `12px ${getComputedStyle(element).fontFamily}`,
  };
  probe.remove();
  return colours;
}

/** Tells when the theme that is shown has changed. Returns what ends it. */
export function watchTheme(listener: () => void): () => void {
  // Paper is always light.
  const queries = ["(prefers-color-scheme: dark)", "print"].map((query) => matchMedia(query));
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  for (const query of queries) query.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    for (const query of queries) query.removeEventListener("change", listener);
  };
}
