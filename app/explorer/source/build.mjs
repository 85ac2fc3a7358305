// Builds the explorer into the folder that is named, ../assets by default: the page, its scripts,
// styles and workers under names that hold their contents' hash, and the licences of what is in
// them. The same source makes the same bytes.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import * as esbuild from "esbuild";
import { licencesOf } from "./licences.mjs";

const HERE = import.meta.dirname;
const TARGET = resolve(process.argv[2] ?? join(HERE, "..", "assets"));
const PAGE = join(HERE, "page");
const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
};
const NOTICE = "/* Its parts and their licences: LICENSES.txt beside this file. */";
// Hosts of packages; no file of this repository names one.
const HOSTS = /\b(?:npmjs|yarnpkg)\.(?:com|org)\b/;

const COMMON = {
  absWorkingDir: HERE,
  preserveSymlinks: true,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  outdir: TARGET,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".ttf": "file" },
  banner: { js: NOTICE, css: NOTICE },
  logLevel: "warning",
};

// What is taken in place of a module, depending on who asks for it.
const REPLACED = [
  { asks: /[\\/](@graphiql[\\/]react|monaco-graphql)[\\/]/, module: /monaco-graphql\/esm\/monaco-editor(\.js)?$|^\.\/monaco-editor$/, by: "monaco.ts" },
  { asks: /[\\/]@graphiql[\\/]react[\\/]/, module: /^prettier\/standalone$/, by: "formatting.ts" },
  { asks: /[\\/]@graphiql[\\/]react[\\/]/, module: /^prettier\/(plugins\/estree|parser-babel)$/, by: "nothing.ts" },
  { asks: /[\\/]@graphiql[\\/]react[\\/]/, module: /^prettier\/parser-graphql$/, by: "prettier/plugins/graphql" },
  { asks: /[\\/]node_modules[\\/]graphql[\\/]/, module: /\/instanceOf\.mjs$/, by: "instance.ts" },
];

const replacing = {
  name: "replacing",
  setup(build) {
    for (const { asks, module, by } of REPLACED) {
      build.onResolve({ filter: module }, ({ importer, kind, pluginData }) => {
        if (pluginData === replacing || !asks.test(importer)) return undefined;
        if (by.endsWith(".ts")) return { path: join(PAGE, by) };
        return build.resolve(by, { resolveDir: PAGE, kind, pluginData: replacing });
      });
    }
  },
};

// Monaco's grammar of GraphQL prints every directive that it meets to the console.
const silencing = {
  name: "silencing",
  setup(build) {
    build.onLoad({ filter: /basic-languages[\\/]graphql[\\/]graphql\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text.replace(', log: "annotation token: $0"', "");
      if (contents === text) throw new Error(`${path} has changed: look whether it still prints.`);
      return { contents };
    });
  },
};

const outputOf = (result, entry) =>
  Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint === entry);

async function workers() {
  const result = await esbuild.build({ ...COMMON, entryPoints: WORKERS, plugins: [replacing] });
  const names = Object.entries(WORKERS).map(([worker, path]) => [
    worker,
    basename(outputOf(result, `node_modules/${path}`)[0]),
  ]);
  return { result, names: Object.fromEntries(names) };
}

function page(names) {
  return esbuild.build({
    ...COMMON,
    entryPoints: { explorer: join(PAGE, "main.tsx") },
    splitting: false,
    jsx: "automatic",
    define: { ...COMMON.define, WORKERS: JSON.stringify(names) },
    plugins: [replacing, silencing],
  });
}

// The page's HTML with the names of its script and its styles, and what it was built from.
async function html(result) {
  const [script, output] = outputOf(result, "page/main.tsx");
  const template = await readFile(join(PAGE, "explorer.html"), "utf8");
  return template
    .replace("{source}", await sourceHash())
    .replace("{script}", basename(script))
    .replace("{style}", basename(output.cssBundle));
}

// SHA-256 of the files that the output depends on, each with its name before it; tests/explorer
// makes it as well, so that a stale output is seen where there is no Node.js.
async function sourceHash() {
  const page = (await readdir(PAGE)).map((name) => `page/${name}`);
  const hash = createHash("sha256");
  for (const name of ["build.mjs", "licences.mjs", "package-lock.json", ...page].sort()) {
    hash.update(`${name}\0`).update(await readFile(join(HERE, name)));
  }
  return hash.digest("hex");
}

function refuseHosts(name, text) {
  const [host] = text.match(HOSTS) ?? [];
  if (host) throw new Error(`${name} names ${host}: take it out, as build.mjs does elsewhere.`);
}

const { result: workersResult, names } = await workers();
const pageResult = await page(names);
const licences = await licencesOf(HERE, [workersResult.metafile, pageResult.metafile]);
const files = [...workersResult.outputFiles, ...pageResult.outputFiles].map((file) => [
  basename(file.path),
  file.contents,
]);
files.push(["explorer.html", await html(pageResult)], ["LICENSES.txt", licences]);

await rm(TARGET, { recursive: true, force: true });
await mkdir(TARGET, { recursive: true });
for (const [name, contents] of files) {
  refuseHosts(name, Buffer.from(contents).toString("utf8"));
  await writeFile(join(TARGET, name), contents);
}
