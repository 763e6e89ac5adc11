/** Writes every script and style a second and third time, compressed: servers without a proxy send those. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Below this a packet is a packet. */
const LEAST = 512;

export function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          if (!/\.(js|css)$/.test(fileName)) continue;
          const bytes = Buffer.from(file.type === "chunk" ? file.code : file.source);
          if (bytes.length < LEAST) continue;
          this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gzipSync(bytes, { level: 9 }) });
          this.emitFile({ type: "asset", fileName: `${fileName}.br`, source: brotliCompressSync(bytes) });
        }
      },
    },
  };
}
