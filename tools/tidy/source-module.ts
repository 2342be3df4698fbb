// One source file, taken apart: what it imports and exports, its functions and its comments. The parser is the one that
// Vite brings along.

import { type ESTree, parseSync, Visitor } from "vite";
import { lineAt } from "./rule.ts";

export type SourceModule = {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly ModuleImport[];
  /** Neighbouring files that are named without being imported: those of workers and programs. */
  readonly mentions: readonly string[];
  readonly exports: readonly ModuleExport[];
  readonly functions: readonly ModuleFunction[];
  readonly comments: readonly ModuleComment[];
  /** Calls such as `Date.now()` or `it.only()`, by the text before the parenthesis, and `new Date` without arguments. */
  readonly calls: readonly ModuleCall[];
};

export type ModuleImport = {
  readonly specifier: string;
  /** "*" stands for everything: a namespace, a dynamic import. */
  readonly names: readonly string[];
  readonly line: number;
};

export type ModuleExport = {
  readonly name: string;
  readonly line: number;
  readonly isType: boolean;
  /** Where it comes from, for a re-export. */
  readonly from: string | undefined;
  /** Whether a documentation comment stands right before it. */
  readonly hasSentence: boolean;
};

export type ModuleFunction = {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
};
export type ModuleComment = { readonly text: string; readonly line: number };
export type ModuleCall = { readonly callee: string; readonly line: number };

/** A string that names a neighbouring module without importing it. */
const MODULE_PATH = /^(\.{1,2}\/)?[\w-][\w./-]*\.(ts|tsx|mjs)$/;

export function parseModule(path: string, text: string): SourceModule {
  const { program, module, comments } = parseSync(path, text);
  const lineOf = (index: number): number => lineAt(text, index);
  const exported = module.staticExports.flatMap(({ entries, start: statementAt }) =>
    entries.map((entry) => ({ ...entry, statementAt })),
  );
  const requests = new Set([
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.start),
    ...exported.map(({ moduleRequest }) => moduleRequest?.start),
  ]);
  const found = visit(program, { lineOf, requests });
  return {
    path,
    text,
    imports: [
      ...module.staticImports.map(({ moduleRequest, entries, start }) => ({
        specifier: moduleRequest.value,
        names: entries.map(
          ({ importName }) => importName.name ?? (importName.kind === "Default" ? "default" : "*"),
        ),
        line: lineOf(start),
      })),
      ...exported
        .filter((entry) => entry.moduleRequest !== null)
        .map(({ moduleRequest, importName, start }) => ({
          specifier: moduleRequest?.value ?? "",
          names: [importName.name ?? "*"],
          line: lineOf(start),
        })),
      ...found.imports,
    ],
    exports: exported.map((entry) => ({
      name: entry.exportName.name ?? (entry.exportName.kind === "Default" ? "default" : "*"),
      line: lineOf(entry.start),
      isType: entry.isType || found.types.has(entry.localName.name ?? ""),
      from: entry.moduleRequest?.value,
      hasSentence: comments.some(
        ({ value, end }) =>
          value.startsWith("*") &&
          end <= entry.statementAt &&
          text.slice(end, entry.statementAt).trim() === "",
      ),
    })),
    mentions: found.mentions,
    functions: found.functions,
    comments: comments.map(({ value, start }) => ({ text: value, line: lineOf(start) })),
    calls: found.calls,
  };
}

type Found = {
  readonly imports: ModuleImport[];
  readonly mentions: string[];
  readonly functions: ModuleFunction[];
  readonly calls: ModuleCall[];
  readonly types: Set<string>;
};

type VisitOptions = {
  readonly lineOf: (index: number) => number;
  /** Where the specifiers of static imports and re-exports begin: those strings are already accounted for. */
  readonly requests: ReadonlySet<number | undefined>;
};

function visit(program: ESTree.Program, { lineOf, requests }: VisitOptions): Found {
  const found: Found = { imports: [], mentions: [], functions: [], calls: [], types: new Set() };
  const onFunction = (
    node: ESTree.Function | ESTree.ArrowFunctionExpression,
    name: string,
  ): void => {
    const line = lineOf(node.start);
    found.functions.push({ name, line, lines: lineOf(node.end) - line + 1 });
  };
  new Visitor({
    ImportExpression: ({ source, start }) => {
      if (source.type !== "Literal") return;
      found.imports.push({ specifier: String(source.value), names: ["*"], line: lineOf(start) });
    },
    NewExpression: ({ callee, arguments: args, start }) => {
      if (callee.type === "Identifier" && callee.name === "Date" && args.length === 0) {
        found.calls.push({ callee: "new Date", line: lineOf(start) });
      }
    },
    CallExpression: ({ callee, start }) => {
      const name = calleeName(callee);
      if (name !== undefined) found.calls.push({ callee: name, line: lineOf(start) });
    },
    // The file of a worker or a program, named and not imported.
    Literal: ({ value, start }) => {
      if (typeof value !== "string" || requests.has(start)) return;
      if (MODULE_PATH.test(value)) found.mentions.push(value);
    },
    TemplateLiteral: ({ quasis }) => {
      const beginning = `${quasis[0]?.value.cooked ?? ""}ts`;
      if (quasis.length === 2 && MODULE_PATH.test(beginning)) found.mentions.push(beginning);
    },
    TSTypeAliasDeclaration: ({ id }) => void found.types.add(id.name),
    TSInterfaceDeclaration: ({ id }) => void found.types.add(id.name),
    FunctionDeclaration: (node) => onFunction(node, node.id?.name ?? "default"),
    MethodDefinition: ({ key, value }) => {
      if (key.type === "Identifier") onFunction(value, key.name);
    },
    VariableDeclarator: ({ id, init }) => {
      if (init?.type === "ArrowFunctionExpression" && id.type === "Identifier")
        onFunction(init, id.name);
    },
  }).visit(program);
  return found;
}

/** "setTimeout", "Date.now", "it.only": what stands before the parenthesis, where that is a plain name. */
function calleeName(callee: ESTree.Expression | ESTree.Super): string | undefined {
  if (callee.type === "Identifier") return callee.name;
  if (callee.type === "MetaProperty") return `${callee.meta.name}.${callee.property.name}`;
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return undefined;
  const object = calleeName(callee.object);
  return object === undefined ? undefined : `${object}.${callee.property.name}`;
}
