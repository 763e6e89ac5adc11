/** `npm run dev` and `vite preview` serve the correction page over the mock at /studies/demo/correct/. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Connect, Plugin } from "vite";
import { answer } from "./server.ts";

const OTHERS = `[{&quot;slug&quot;:&quot;demo&quot;,&quot;title&quot;:&quot;Zebrafish retina&quot;,&quot;url&quot;:&quot;/studies/demo/correct/&quot;}]`;
const MOUNT = `<main><div id="annotator" data-study="demo" data-csrf="mock" data-consent="" data-other-studies="${OTHERS}"></div></main>`;

function page(head: string, scripts: string): string {
  return `<!doctype html><html lang="en" data-theme="dark"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"><title>Lamella</title>
${head}</head><body>${MOUNT}${scripts}</body></html>`;
}

/** The tags that the server's template tag writes for an entry: its script and all its styles. */
function builtTags(root: string): [string, string] {
  type Chunk = { file: string; css?: string[]; imports?: string[] };
  const manifest = JSON.parse(readFileSync(resolve(root, "dist/manifest.json"), "utf8")) as Record<string, Chunk>;
  const styles = new Set<string>();
  const visit = (key: string): void => {
    manifest[key].css?.forEach((file) => styles.add(file));
    manifest[key].imports?.forEach(visit);
  };
  visit("src/annotator/main.ts");
  const links = [...styles].map((file) => `<link rel="stylesheet" href="/static/web/${file}">`);
  const script = `<script type="module" src="/static/web/${manifest["src/annotator/main.ts"].file}"></script>`;
  return [links.join(""), script];
}

function handler(html: () => string): Connect.NextHandleFunction {
  return (request, response, next) => {
    if (request.url?.startsWith("/studies/demo/correct")) {
      response.setHeader("Content-Type", "text/html");
      response.end(html());
    } else if (request.url?.startsWith("/api/v1/")) {
      answer(request, response).then((known) => known || next(), next);
    } else {
      next();
    }
  };
}

export function mockServer(): Plugin {
  return {
    name: "lamella-mock",
    configureServer(server) {
      const scripts = `<script type="module" src="/static/web/@vite/client"></script>
<script type="module" src="/static/web/src/annotator/main.ts"></script>`;
      server.middlewares.use(handler(() => page("", scripts)));
    },
    configurePreviewServer(server) {
      const { root } = server.config;
      server.middlewares.use(handler(() => page(...builtTags(root))));
    },
  };
}
