// The little Markdown that our reference pages use: headings with anchors, paragraphs, lists, tables, code, links.

import { Fragment, type ReactNode } from "react";

type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: "code"; readonly text: string };

/** Divides a text into blocks. What it does not know is a paragraph. */
export function parseMarkdown(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.replaceAll("\r", "").split("\n");
  let at = 0;
  const take = (test: (line: string) => boolean): string[] => {
    const taken: string[] = [];
    while (at < lines.length && test(lines[at] ?? "")) {
      taken.push(lines[at] ?? "");
      at += 1;
    }
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (line.trim() === "") at += 1;
    else if (heading !== null) {
      blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" });
      at += 1;
    } else if (line.startsWith("```")) {
      at += 1;
      const code = take((one) => !one.startsWith("```"));
      at += 1;
      blocks.push({ kind: "code", text: code.join("\n") });
    } else if (line.startsWith("|")) {
      const [head, , ...rows] = take((one) => one.startsWith("|")).map(cells);
      blocks.push({ kind: "table", head: head ?? [], rows });
    } else if (/^\s*([*-]|\d+\.)\s+/.test(line)) {
      const items = take((one) => one.trim() !== "" && !one.startsWith("#"));
      blocks.push({ kind: "list", items: joinItems(items) });
    } else {
      const joined = take((one) => one.trim() !== "" && !/^(#|\||```)/.test(one));
      blocks.push({ kind: "paragraph", text: joined.join(" ") });
    }
  }
  return blocks;
}

function cells(row: string): readonly string[] {
  return row
    .replace(/^\|/, "")
    .replace(/\|\s*$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Lines that go on below an item belong to it. */
function joinItems(lines: readonly string[]): readonly string[] {
  const items: string[] = [];
  for (const line of lines) {
    const item = /^\s*(?:[*-]|\d+\.)\s+(.*)$/.exec(line);
    if (item !== null) items.push(item[1] ?? "");
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return items;
}

/** The anchor of a heading: a code stays as it is. */
export function anchorOf(text: string): string {
  return text
    .replaceAll("`", "")
    .trim()
    .toLowerCase()
    .replace(/[^\w]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** The anchor of a paragraph that defines a term: "**own clock.** An agent's …". Undefined: it defines none. */
export function definedTerm(text: string): string | undefined {
  const term = /^\*\*([^*]+)\.\*\*/.exec(text)?.[1];
  return term === undefined ? undefined : anchorOf(term);
}

export function Markdown(props: { readonly text: string }): ReactNode {
  return parseMarkdown(props.text).map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a document does not change
    <Fragment key={index}>{renderBlock(block)}</Fragment>
  ));
}

function renderBlock(block: Block): ReactNode {
  switch (block.kind) {
    case "heading": {
      const Heading = `h${Math.min(block.level, 4)}` as "h1" | "h2" | "h3" | "h4";
      return <Heading id={anchorOf(block.text)}>{inline(block.text)}</Heading>;
    }
    case "paragraph":
      return <p id={definedTerm(block.text)}>{inline(block.text)}</p>;
    case "list":
      return (
        <ul>
          {block.items.map((item) => (
            <li key={item}>{inline(item)}</li>
          ))}
        </ul>
      );
    case "code":
      return (
        <pre className="command" tabIndex={0}>
          {block.text}
        </pre>
      );
    case "table":
      return (
        <div className="table-scroll" role="group" aria-label={block.head.join(", ")} tabIndex={0}>
          <table className="table is-prose">
            <thead>
              <tr>
                {block.head.map((cell) => (
                  <th scope="col" key={cell}>
                    {inline(cell)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row) => (
                <tr key={row.join("|")} id={anchorOf(row[0] ?? "")}>
                  {row.map((cell, column) => (
                    <td key={`${column} ${cell}`}>{inline(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
  }
}

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*|\[[^\]]+\]\([^)]+\))/;

function inline(text: string): ReactNode {
  return text.split(INLINE).map((part, index) => {
    const key = `${index} ${part}`;
    if (/^`.+`$/.test(part)) return <code key={key}>{part.slice(1, -1)}</code>;
    if (/^\*\*.+\*\*$/.test(part)) return <strong key={key}>{part.slice(2, -2)}</strong>;
    if (/^\*.+\*$/.test(part)) return <em key={key}>{part.slice(1, -1)}</em>;
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
    // Links between documents are files there and pages here; those that are neither stay text.
    if (link !== null)
      return <Fragment key={key}>{ownLink(link[1] ?? "", link[2] ?? "")}</Fragment>;
    return part;
  });
}

function ownLink(text: string, href: string): ReactNode {
  const page = /^(?:\.\/)?(errors|reasons|glossary)\.md(#.*)?$/.exec(href);
  if (page !== null) return <a href={`/help/${page[1]}${page[2] ?? ""}`}>{text}</a>;
  return href.startsWith("#") ? <a href={href}>{text}</a> : text;
}
