// Builds the dashboard into dist/, which the server serves as it is. Nothing is inlined: the page runs under
// `default-src 'self'`.

import react from "@vitejs/plugin-react";
import { defineConfig, type UserConfig } from "vite";

/** Browsers that know `light-dark()`, `oklch()` and nesting: what the style sheets are written in. */
const TARGETS = ["chrome123", "firefox121", "safari17.5"];

/** Where `vite` (development only) finds the API. */
const API_URL = process.env["TRUECHIMER_API_URL"] ?? "http://127.0.0.1:8123";

const config: UserConfig = defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  resolve: { conditions: ["source", "browser", "import", "module", "default"] },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: TARGETS,
    cssTarget: TARGETS,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: {
      "/truechimer.admin.v1.AdminService": API_URL,
      "/export": API_URL,
      "/healthz": API_URL,
    },
  },
});

export default config;
