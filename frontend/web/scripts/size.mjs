/**
 * The gate on the correction page's first JavaScript: exact bytes, gzipped, of the built entry and of the short
 * script before it. The worker is fetched beside them and holds nothing up; its bytes are told.
 */
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 60 * 1024;
const dist = resolve(import.meta.dirname, "../dist");
const before = resolve(import.meta.dirname, "../../../platform/lamella/pages/first-task.js");
const packed = (file) => gzipSync(readFileSync(file), { level: 9 }).length;

/** Gzipped bytes of an entry and of everything it imports statically. */
function initialSize(entry) {
  const manifest = JSON.parse(readFileSync(resolve(dist, "manifest.json"), "utf8"));
  const files = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    chunk.imports?.forEach(visit);
  };
  visit(entry);
  return [...files].reduce((sum, file) => sum + packed(resolve(dist, file)), 0);
}

const worker = readdirSync(resolve(dist, "assets")).find((name) => /^worker-.*\.js$/.test(name));
const beside = packed(resolve(dist, "assets", worker));
const bytes = packed(before) + initialSize("src/annotator/main.ts");
const verdict = bytes <= LIMIT ? "within" : "over";
console.log(`annotator: ${bytes} bytes of JavaScript gzipped, ${verdict} the limit of ${LIMIT}; its worker ${beside}`);
process.exitCode = bytes <= LIMIT ? 0 : 1;
