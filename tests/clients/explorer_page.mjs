// Uses the first page and the explorer in headless Chromium, as a developer would, and prints lines
// of JSON: {"fault": ...} for what is wrong; {"wants": "reply"} when it waits for a cart add to come
// live, {"wants": "reply while away"} for one that comes while the server is away; {"add": ...} with
// each add that it saw; {"done": true} at the end.
//
// Reads from its environment ADDRESS, CHROMIUM (the browser's path), TOKEN and OTHER (tokens of two
// brands), BRAND and OTHER_BRAND (their names).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { ADDRESS, CHROMIUM, TOKEN, OTHER, BRAND, OTHER_BRAND } = process.env;
const WAIT_MILLISECONDS = 120_000;
const AWAY_MILLISECONDS = 120_000;
const NARROW = { width: 320, height: 640 };
const WIDE = { width: 1440, height: 900 };
// GraphiQL makes each tab a list item with two buttons in it: nothing from outside mends that.
const GRAPHIQLS_OWN = ["nested-interactive"];

const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");
let at = "start";
const fault = (text) => print({ at, fault: text });
const expect = (holds, text) => holds || fault(text);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: WIDE, colorScheme: "light" });
context.setDefaultTimeout(WAIT_MILLISECONDS);
const page = await context.newPage();

// What the socket was opened with, each time.
const openings = [];
page.on("websocket", (socket) =>
  socket.on("framesent", ({ payload }) => {
    const message = JSON.parse(payload);
    if (message.type === "connection_init") openings.push(message.payload.Authorization);
  }),
);
page.on("request", (request) => {
  const { protocol, origin } = new URL(request.url());
  if (origin !== ADDRESS && protocol !== "data:") fault(`a request left: ${request.url()}`);
  if (request.url().includes(TOKEN)) fault("an address holds the token");
});
// A page that is left while something is still on the way drops that request.
const wasDropped = (request) => request.failure()?.errorText === "net::ERR_ABORTED";
page.on("requestfailed", (request) => {
  if (!wasDropped(request)) fault(`a request failed: ${request.url()}`);
});
page.on("pageerror", (error) => fault(`a script failed: ${error.message}`));
page.on("console", (message) => {
  const isRefusal = /^Failed to load resource: .* a status of 401/.test(message.text());
  const isAway = at === "away" && /^WebSocket connection to .* failed/.test(message.text());
  if (!isRefusal && !isAway) fault(`the console says: ${message.text()}`);
});
await page.addInitScript(() =>
  addEventListener("securitypolicyviolation", (event) =>
    console.error(`the policy forbids ${event.violatedDirective} ${event.blockedURI}`),
  ),
);

// Scripts are told of another colour scheme when the next picture is drawn.
const drawn = () =>
  page.evaluate(
    () => new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume))),
  );

// Only contrast depends on the scheme.
async function lookWithAxe() {
  const schemes = [["light", {}], ["dark", { runOnly: ["color-contrast"] }]];
  for (const [colorScheme, options] of schemes) {
    await page.emulateMedia({ colorScheme });
    await drawn();
    if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe);
    const { violations, passes } = await page.evaluate(
      `axe.run(document, ${JSON.stringify(options)})`,
    );
    if (passes.length === 0) fault("axe looked at nothing");
    for (const { id, nodes } of violations) {
      if (GRAPHIQLS_OWN.includes(id) && at !== "first page") continue;
      for (const node of nodes) fault(`axe, ${colorScheme}: ${id}: ${node.html} ${node.failureSummary}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

const button = (name) => page.getByRole("button", { name });
const run = () => button(/^Execute query/).click();
const stop = () => button(/^Stop query/).click();
const openTab = (name) => page.locator(`.graphiql-tab button[title="${name}"]`).click();
const token = page.getByLabel("Access token");
const standing = page.locator(".standing");

// The answer as the editor holds it; it draws only the lines that are in sight.
const answer = () =>
  page.evaluate(() =>
    globalThis.__MONACO.editor
      .getModels()
      .find((model) => model.uri.path.endsWith("response.json"))
      .getValue(),
  );

async function until(holds, text) {
  for (const end = Date.now() + WAIT_MILLISECONDS; Date.now() < end; ) {
    const found = await holds();
    if (found) return found;
    await page.waitForTimeout(50);
  }
  fault(`in vain: ${text}; the answer is ${await answer()}`);
  return undefined;
}

const answered = (words) =>
  until(async () => {
    const text = await answer();
    return text.includes(words) && text;
  }, `an answer with ${words}`);

async function firstPage() {
  at = "first page";
  await page.goto(ADDRESS);
  await lookWithAxe();
  await page.setViewportSize(NARROW);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width <= NARROW.width, `it is ${width} pixels wide`);
  await page.setViewportSize(WIDE);
  await page.getByRole("link", { name: "Open the explorer" }).click();
}

async function withoutToken() {
  at = "without a token";
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  const examples = await page.evaluate(() =>
    fetch("/explorer/examples.json").then((found) => found.json()),
  );
  const ready = examples.filter((example) => example.ready).map((example) => example.name);
  const tabs = await page.locator(".graphiql-tab button[title]").allInnerTexts();
  expect(ready.length > 3 && String(tabs) === String(ready), `the tabs are ${tabs}, not ${ready}`);
  await page.getByRole("link", { name: "Query", exact: true }).click();
  await page.getByText("The brand that the token belongs to").first().waitFor();
  await lookWithAxe();
  await run();
  await answered("UNAUTHENTICATED");
}

async function query() {
  at = "query";
  await token.fill(TOKEN);
  await standing.filter({ hasText: BRAND }).waitFor();
  await openTab("Brand");
  await run();
  await answered(`"name": "${BRAND}"`);
  expect(/^200 [\d.]+ ms/.test((await page.locator(".status-line").innerText()).replace(/\s+/g, " ")), "no time is told");
  await lookWithAxe();
}

async function mistakes() {
  at = "mistakes";
  await page.locator(".graphiql-query-editor .view-line").first().click();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("{ nonsense }");
  await page.locator(".graphiql-query-editor .squiggly-error").first().waitFor();
}

async function live() {
  at = "live";
  await openTab("CartAdds");
  await run();
  await answered("LogHeartbeat");
  print({ wants: "reply" });
  const text = await answered('"__typename": "CartAdd"');
  if (text) print({ add: JSON.parse(text).data.cartAdds });
  await lookWithAxe();
}

// The connection is lost: it goes on by itself, after the last cursor that it held.
async function away() {
  at = "away";
  const added = page.locator(".items li", { hasText: "CartAdd · " });
  expect((await added.count()) === 1, "one add is not one item");
  print({ wants: "reply while away" });
  await until(async () => (await added.count()) === 2, "a second add");
  print({ add: JSON.parse(await added.first().getAttribute("title")) });
  await page.locator(".status-line", { hasText: "2 connections" }).waitFor();
}

// A subscription that runs goes on with the new token, over a socket of its own.
async function otherToken() {
  at = "other token";
  const before = openings.length;
  await token.fill(OTHER);
  await standing.filter({ hasText: OTHER_BRAND }).waitFor();
  await until(() => openings.length === before + 1, "a socket of its own");
  expect(openings.at(-1) === `Bearer ${OTHER}`, "the socket has another token");
  await page.locator(".status-line", { hasText: "3 connections" }).waitFor();
  await answered("LogHeartbeat");
  await stop();
  await page.locator(".status-line", { hasText: "Ended" }).waitFor();
}

async function wrongToken() {
  at = "wrong token";
  const before = openings.length;
  await run();
  await until(() => openings.length === before + 1, "a socket");
  await token.fill(`${TOKEN}x`);
  await standing.filter({ hasText: "Not accepted" }).waitFor();
  await answered("(4403)");
  await token.fill(TOKEN);
  await standing.filter({ hasText: BRAND }).waitFor();
}

// Its id is one of another world; the page puts in one of this brand's.
async function examples() {
  at = "examples";
  await button("Show Examples").click();
  await page.getByLabel("Search the examples").fill("explain");
  await lookWithAxe();
  await page.getByRole("button", { name: "ExplainCartIntent" }).last().click();
  await page.locator('.graphiql-tab-active button[title="ExplainCartIntent"]').waitFor();
  await run();
  await answered('"stage": "');
  await button(/^Prettify query/).click();
}

// The token outlives a reload, and nothing but the tab; the queries outlive both.
async function reloaded() {
  at = "reloaded";
  await page.waitForTimeout(1000); // GraphiQL writes its tabs half a second after a change
  await page.reload();
  await standing.filter({ hasText: BRAND }).waitFor();
  await page.locator('.graphiql-tab button[title="ExplainCartIntent"]').waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(!kept.includes(TOKEN) && !kept.includes(OTHER), "a token is kept for good");
  expect(!page.url().includes("?") && !page.url().includes("#"), `the address is ${page.url()}`);
  await button("Forget").click();
  expect((await page.evaluate(() => sessionStorage.length)) === 0, "the token is not forgotten");
}

const STEPS = [firstPage, withoutToken, query, mistakes, live, away, otherToken, wrongToken];
for (const step of [...STEPS, examples, reloaded]) await step();
print({ done: true });
await browser.close();
