// Node's own modules by `require` instead of `import`. An import makes a namespace of all that a module exports, which
// reads each export once; among those of node:http are WebSocket and its kin, and reading them loads the whole of fetch:
// 18 MB of resident memory that the agent has no use for. Required, a module's exports are read when they are used.

import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

const NAMESPACE = "builtin";
/** Of Connect's two transports the agent uses the one over HTTP/1.1; what only the other needs is 6 MB. */
const LEFT_OUT: ReadonlySet<string> = new Set(["http2"]);
const BUILTINS: ReadonlySet<string> = new Set(builtinModules);

export const builtinsByRequire: Plugin = {
  name: "builtins-by-require",
  setup: (builder) => {
    builder.onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, namespace }) => {
      const name = path.replace(/^node:/, "");
      if (namespace === NAMESPACE || !BUILTINS.has(name)) return undefined;
      return { path: name, namespace: NAMESPACE };
    });
    builder.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      // The banner's; esbuild would see through a plain `require`.
      contents: LEFT_OUT.has(path)
        ? "module.exports = {};"
        : `module.exports = __builtin(${JSON.stringify(`node:${path}`)});`,
    }));
  },
};
