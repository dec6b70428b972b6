// SPDX-License-Identifier: Apache-2.0
// usage: node build.mjs    Makes dist/: of each page one classic script and one style sheet; the licences of what is in them.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";

const MOST_BYTES = 500_000; // of one page
const here = (name) => new URL(name, import.meta.url).pathname;
const PAGES = { capillaryx: here("src/main.tsx"), review: here("src/review/main.tsx") };
// OpenSeadragon adds a style element, which the page's policy refuses: its one rule stands in style.css.
const withoutStyle = {
  name: "without-style",
  setup({ onLoad }) {
    onLoad({ filter: /openseadragon\.min\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const test = 'document.querySelector("style[data-openseadragon-mobile-css]")';
      if (text.split(test).length !== 2) throw new Error("OpenSeadragon adds its style in another way now");
      return { contents: text.replace(test, "!0"), loader: "js" };
    });
  },
};
const result = await build({
  entryPoints: PAGES,
  outdir: here("dist"),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "firefox102", "safari15"],
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".woff2": "dataurl" },
  alias: { openseadragon: here("node_modules/openseadragon/build/openseadragon/openseadragon.min.js") },
  plugins: [withoutStyle],
  charset: "ascii",
  legalComments: "none",
  banner: { js: "/* SPDX-License-Identifier: Apache-2.0. Other licences: LICENCES.txt */", css: "/* SPDX-License-Identifier: Apache-2.0 */" },
  metafile: true,
  absWorkingDir: here("."),
});

const packages = new Set(
  Object.keys(result.metafile.inputs).flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1] ?? []),
);
let licences = "What the script and the style sheet beside this file hold of other people's software.\n";
for (const name of [...packages].sort()) {
  const about = JSON.parse(await readFile(here(`node_modules/${name}/package.json`), "utf8"));
  let text;
  for (const file of ["LICENSE", "LICENSE.txt", "LICENSE.md"]) text ??= await readFile(here(`node_modules/${name}/${file}`), "utf8").catch(() => undefined);
  if (text === undefined) throw new Error(`${name} has no licence file`);
  licences += `\n${"=".repeat(80)}\n${name} ${about.version} (${about.license})\n${"=".repeat(80)}\n${text.replace(/\r\n/g, "\n").trim()}\n`;
}
await writeFile(here("dist/LICENCES.txt"), licences);

console.log(`web/dist holds ${[...packages].sort().join(", ")}`);
for (const page of Object.keys(PAGES)) {
  let bytes = 0;
  for (const kind of ["js", "css"]) bytes += (await readFile(here(`dist/${page}.${kind}`))).length;
  console.log(`${page}: ${bytes} bytes`);
  if (bytes > MOST_BYTES) throw new Error(`script and style sheet of ${page} are more than ${MOST_BYTES} bytes`);
}
