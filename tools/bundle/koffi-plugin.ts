// koffi finds its native part by the layout of node_modules. In a bundle it lies in `native/<platform>` beside the
// program, once for each C library: the one that cannot be loaded here is the other's.

import type { Plugin } from "esbuild";

const LOADER = `
import { existsSync } from "node:fs";
export function loadStatic(platform) {
  let failure;
  for (const file of ["glibc.node", "musl.node", "koffi.node"]) {
    const path = import.meta.dirname + "/native/" + platform + "/" + file;
    if (!existsSync(path)) continue;
    try {
      return require(path);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure ?? new Error("no native part for " + platform + " in " + import.meta.dirname + "/native");
}
`;

export const koffiFromNativeFolder: Plugin = {
  name: "koffi-from-native-folder",
  setup: (builder) => {
    builder.onLoad({ filter: /[\\/]koffi[\\/]src[\\/]koffi[\\/]src[\\/]static\.js$/ }, () => ({
      contents: LOADER,
    }));
  },
};
