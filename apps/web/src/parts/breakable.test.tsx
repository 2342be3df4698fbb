import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Breakable } from "./breakable.tsx";

test.each([
  {
    name: "an address goes on in the next line behind a slash or a dot of its names",
    text: "https://clickhouse.example.net:8443/truechimer",
    broken: "https://|clickhouse.|example.|net:8443/|truechimer",
  },
  {
    name: "a day, a number and an IP address stay whole",
    text: "2026-11-28: 1.5 s at 192.0.2.1",
    broken: "2026-11-28: 1.5 s at 192.0.2.1",
  },
  {
    name: "a name may break within",
    text: "certificate_refused: leads to acme.http_port",
    broken: "certificate_|refused: leads to acme.|http_|port",
  },
  { name: "no text has no break", text: "", broken: "" },
])("$name", ({ text, broken }) => {
  const markup = renderToStaticMarkup(<Breakable text={text} />);
  expect(markup.replaceAll("<wbr/>", "|")).toBe(broken);
});
