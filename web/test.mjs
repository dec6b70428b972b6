// SPDX-License-Identifier: Apache-2.0
// usage: node test.mjs    The components' tests, by Node's own test runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";

const here = (name) => new URL(name, import.meta.url).pathname;
const names = (await readdir(here("tests"))).filter((name) => /\.test\.tsx?$/.test(name));
await rm(here("build"), { recursive: true, force: true });
await mkdir(here("build"));
await build({
  entryPoints: names.map((name) => here(`tests/${name}`)),
  outdir: here("build"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node18",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".woff2": "empty" },
  alias: { openseadragon: here("tests/no_viewer.ts") },
  logLevel: "warning",
});
const files = names.map((name) => here(`build/${name.replace(/\.tsx?$/, ".mjs")}`));
process.exit(spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1);
