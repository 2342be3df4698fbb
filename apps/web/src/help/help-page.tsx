// The reference pages that errors and words link to, carried along so that they are there without a network.

import { useLocation, useParams } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/use-title.ts";
import { Markdown } from "./markdown.tsx";

const DOCUMENTS: Readonly<Record<string, string>> = import.meta.glob(
  "../../../../docs/reference/{errors,reasons,glossary,filter,rule-sets}.md",
  {
    query: "?raw",
    import: "default",
    eager: true,
  },
);

export function HelpPage(): ReactNode {
  const parameters: Readonly<Record<string, string>> = useParams({ strict: false });
  const page = parameters["page"] ?? "";
  const text = Object.entries(DOCUMENTS).find(([path]) => path.endsWith(`/${page}.md`))?.[1];
  const { hash } = useLocation();
  useTitle("Help");
  useEffect(() => {
    const target = hash === "" ? null : document.getElementById(hash);
    target?.scrollIntoView();
    target?.classList.add("is-target");
  }, [hash]);
  if (text === undefined) return <NotFoundPage what="There is no such help page" />;
  return (
    <article className="prose">
      <Markdown text={text} />
    </article>
  );
}
