// A browser that goes from page to page: it keeps cookies by origin, and sends none that is `SameSite=Strict` where another site
// has led it to, as browsers do.

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

export interface Browser {
  /** Follows where it is led to. `until`: but does not go to an address that begins so. */
  readonly open: (address: string, until?: string) => Promise<Page>;
  /** Fills in the page's form. */
  readonly submit: (
    page: Page,
    fields: Readonly<Record<string, string>>,
    until?: string,
  ) => Promise<Page>;
  /** What is sent to that origin as `Cookie` from a page of its own. */
  readonly cookies: (url: string) => string;
}

const STEPS_MAX = 12;

export function createBrowser(): Browser {
  const jar = new Map<string, { readonly url: URL; readonly text: string }>();
  const cookies = (to: URL, from: URL | undefined): string =>
    [...jar.values()]
      .filter(({ url, text }) => {
        const path = /;\s*path=([^;]+)/i.exec(text)?.[1] ?? "/";
        const isForeign = from !== undefined && from.origin !== to.origin;
        return (
          url.origin === to.origin &&
          to.pathname.startsWith(path) &&
          !(isForeign && /samesite=strict/i.test(text))
        );
      })
      .map(({ text }) => text.split(";", 1)[0] ?? "")
      .join("; ");
  const go = async (
    address: URL,
    {
      until,
      body,
      from,
    }: {
      readonly until?: string | undefined;
      readonly body?: URLSearchParams;
      readonly from?: URL;
    },
  ): Promise<Page> => {
    let url = address;
    let sent = body;
    let foreign = from;
    for (let step = 0; step < STEPS_MAX; step += 1) {
      if (until !== undefined && url.href.startsWith(until)) return { url, status: 0, text: "" };
      const response = await fetch(url, {
        redirect: "manual",
        headers: { cookie: cookies(url, foreign), accept: "text/html" },
        ...(sent === undefined ? {} : { method: "POST", body: sent }),
      });
      for (const text of response.headers.getSetCookie()) {
        const name = `${url.origin} ${text.split("=", 1)[0]}`;
        if (/max-age=0(;|$)|expires=Thu, 01 Jan 1970/i.test(text)) jar.delete(name);
        else jar.set(name, { url, text });
      }
      const location = response.headers.get("location");
      const text = await response.text();
      if (location === null) return { url, status: response.status, text };
      const next = new URL(location, url);
      // Once another site has led the browser somewhere, the rest of the way counts as foreign, too.
      if (next.origin !== url.origin) foreign = url;
      url = next;
      sent = undefined;
    }
    throw new Error(`led on and on, in the end to ${url.href}`);
  };
  return {
    open: (address, until) => go(new URL(address), { until }),
    submit: (page, fields, until) => {
      const action = /<form[^>]*\saction="([^"]+)"/.exec(page.text)?.[1];
      if (action === undefined)
        throw new Error(`no form at ${page.url.href}: ${page.text.slice(0, 500)}`);
      const hidden = [...page.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
        /name="([^"]+)"/.exec(input)?.[1] ?? "",
        /value="([^"]*)"/.exec(input)?.[1] ?? "",
      ]);
      const body = new URLSearchParams([...hidden, ...Object.entries(fields)]);
      return go(new URL(action, page.url), { until, body });
    },
    cookies: (url) => cookies(new URL(url), undefined),
  };
}
