// The licences of every package of which something is in the built files, from the packages
// themselves: equal texts once, then the notices of what the packages hold in turn.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const HEAD = `Licences of what the explorer is made of

The files beside this one are built from the packages below and from Hashcart's own source, which is
under the Apache License 2.0. The icons of the editor (codicon-*.ttf) are those of Visual Studio
Code, by Microsoft, under the Creative Commons Attribution 4.0 International licence
(https://creativecommons.org/licenses/by/4.0/).
`;
const LICENCE = /^(licen[cs]e|copying|copyrightnotice)([.-].*)?$/i;
const NOTICES = /^third-?party-?notices\./i;
const RULE = "=".repeat(80);
// A page of a package is named without the host that shows it: a mirror shows it as well.
const PAGES = /https?:\/\/(?:www\.)?(?:npmjs|yarnpkg)\.(?:com|org)\/(?:package\/)?/g;

const byName = (one, other) => (one < other ? -1 : 1);

// The folders of the packages of which a build took at least a byte.
function foldersOf(metafiles) {
  const folders = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
        if (folder && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  return [...folders];
}

async function textOf(folder, names, pattern) {
  const found = names.filter((name) => pattern.test(name)).sort(byName);
  const texts = await Promise.all(found.map((name) => readFile(join(folder, name), "utf8")));
  return texts.map((text) => text.replace(/\r\n?/g, "\n").replace(PAGES, "").trim()).join("\n\n");
}

async function read(folder) {
  const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const names = await readdir(folder);
  const author = typeof about.author === "string" ? about.author : about.author?.name;
  const without = `The package holds no text of its licence, ${about.license}${author ? `, by ${author}` : ""}.`;
  return {
    title: `${about.name} ${about.version} (${about.license})`,
    text: (await textOf(folder, names, LICENCE)) || without,
    notices: await textOf(folder, names, NOTICES),
  };
}

export async function licencesOf(here, metafiles) {
  const packages = await Promise.all(foldersOf(metafiles).map((folder) => read(join(here, folder))));
  packages.sort((one, other) => byName(one.title, other.title));
  const titles = new Map();
  for (const { title, text } of packages) titles.set(text, [...(titles.get(text) ?? []), title]);
  const licences = [...titles].map(([text, held]) => `${RULE}\n${[...new Set(held)].join("\n")}\n\n${text}\n`);
  const notices = packages
    .filter((each) => each.notices)
    .map(({ title, notices: text }) => `${RULE}\nNotices of ${title}\n\n${text}\n`);
  return [HEAD, ...licences, ...notices].join("\n").replace(/[ \t]+$/gm, "");
}
