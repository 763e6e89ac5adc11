import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { mockServer } from "./mock/plugin.ts";
import { compressed } from "./vite-compress.ts";

const root = import.meta.dirname;


/** Every folder of src/ with a main.ts is an entry of its own; its manifest key is that path. */
function discoverEntries(): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const folder of readdirSync(resolve(root, "src"), { withFileTypes: true })) {
    const file = resolve(root, "src", folder.name, "main.ts");
    if (folder.isDirectory() && existsSync(file)) entries[folder.name] = file;
  }
  return entries;
}

export default defineConfig({
  base: "/static/web/",
  plugins: [svelte(), mockServer(), compressed()],
  publicDir: false,
  build: {
    outDir: "dist",
    // Not in a dotted folder: Django's collectstatic leaves those out.
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: discoverEntries(),
      output: {
        codeSplitting: {
          // Few files, few ways to the server.
          groups: [{ name: "engine", test: /src\/engine\//, entriesAware: true }],
        },
      },
    },
  },
  server: { port: 5173, strictPort: false },
});
