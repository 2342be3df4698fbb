// Every link of the dashboard is a plain <a href>, in text, tables and pictures alike; a click on one of our own pages
// changes the page without loading it anew. New tabs, downloads and other hosts are left to the browser.

import type { AnyRouter } from "@tanstack/react-router";

/** Listens to clicks on links within the document. */
export function followPlainLinks(router: AnyRouter): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const href = link?.getAttribute("href");
    if (link === null || href === null || href === undefined) return;
    if (!isOwnPage(href) || link.hasAttribute("download") || link.hasAttribute("target")) return;
    event.preventDefault();
    router.history.push(href);
  });
}

function isOwnPage(href: string): boolean {
  return href.startsWith("/") && !href.startsWith("//") && !href.startsWith("/healthz");
}
