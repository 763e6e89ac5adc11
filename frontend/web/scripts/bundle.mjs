/** Writes a module of tests/browser as one plain script to the output; its exports stand in `bundled`. */
import { resolve } from "node:path";
import { build } from "vite";

const entry = resolve(import.meta.dirname, "..", process.argv[2]);
const [{ output }] = await build({
  configFile: false,
  logLevel: "error",
  build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "bundled" } },
});
process.stdout.write(output[0].code);
