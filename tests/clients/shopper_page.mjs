// Walks through the shopper's page in headless Chromium, as a person on a phone would, and prints
// what is wrong with it as lines of JSON: {"page": ..., "fault": ...}; {"page": ...} for each page
// that was looked at; {"done": true} at the end.
//
// Reads from its environment ADDRESS, CHROMIUM (the browser's path), PERSON and HANDLE (an X user id
// and a handle), and SCRIPTS: "off" walks with JavaScript disabled; "on" measures every page and has
// axe look at it, light and dark.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { ADDRESS, CHROMIUM, PERSON, HANDLE, SCRIPTS } = process.env;
const scripts = SCRIPTS === "on";
const PHONE = { width: 390, height: 844 };
const NARROW = { width: 320, height: 640 };
const WAIT_MILLISECONDS = 120_000;
const PAUSE_MILLISECONDS = 250;
const TARGET_PIXELS_MIN = 44;
const TARGETS = "button, .button, nav a, .choice, summary, input:not([type=hidden], [type=radio])";

const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const seen = new Set();
let at = "start";
const fault = (text) => print({ page: at, fault: text });

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: PHONE, javaScriptEnabled: scripts });
context.setDefaultTimeout(WAIT_MILLISECONDS);
const page = await context.newPage();

page.on("request", (request) => {
  if (new URL(request.url()).origin !== ADDRESS) fault(`a request left: ${request.url()}`);
});
// A page that is left while its icon is still on the way drops that request.
const wasDropped = (request) => request.failure()?.errorText === "net::ERR_ABORTED";
page.on("requestfailed", (request) => {
  if (!wasDropped(request)) fault(`a request failed: ${request.url()}`);
});
page.on("console", (message) => {
  const isStatus = /^Failed to load resource: .* a status of 4\d\d/.test(message.text());
  if (!isStatus) fault(`the console says: ${message.text()}`);
});
page.on("pageerror", (error) => fault(`a script failed: ${error.message}`));

async function look(name) {
  at = name;
  print({ page: name });
  if ((await page.locator("h1").count()) !== 1) fault("there is not one heading");
  if (!scripts || seen.has(name)) return;
  seen.add(name);
  await measure();
  await lookWithAxe("light", {});
  await lookWithAxe("dark", { runOnly: ["color-contrast"] });
}

// Fingers need room, and nothing may stick out of a narrow phone.
async function measure() {
  await page.setViewportSize(NARROW);
  const found = await page.evaluate((targets) => ({
    width: document.documentElement.scrollWidth,
    targets: [...document.querySelectorAll(targets)].map((target) => [
      target.getBoundingClientRect().height,
      target.innerText,
    ]),
  }), TARGETS);
  await page.setViewportSize(PHONE);
  if (found.width > NARROW.width) fault(`it is ${found.width} pixels wide`);
  for (const [height, text] of found.targets) {
    if (height && height < TARGET_PIXELS_MIN) fault(`${text} is ${height} pixels high`);
  }
}

async function lookWithAxe(colorScheme, options) {
  await page.emulateMedia({ colorScheme });
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)})`,
  );
  if (passes.length === 0) fault("axe looked at nothing");
  for (const { id, nodes } of violations) {
    for (const node of nodes) fault(`axe, ${colorScheme}: ${id}: ${node.html} ${node.failureSummary}`);
  }
}

const press = (name) => page.getByRole("button", { name }).first().click();
const follow = (name) => page.getByRole("link", { name }).first().click();

// The worker acts meanwhile: look again until the words are there.
async function until(words) {
  for (const end = Date.now() + WAIT_MILLISECONDS; Date.now() < end; ) {
    await page.goto(`${ADDRESS}/s`);
    if (await page.getByText(words, { exact: true }).count()) return;
    await page.waitForTimeout(PAUSE_MILLISECONDS);
  }
  fault(`"${words}" did not come`);
}

async function signIn() {
  await page.goto(`${ADDRESS}/s`);
  await look("sign in");
  await press("Sign in with");
  await look("sandbox");
  await page.getByLabel("X user id").fill(PERSON);
  await page.getByLabel("X handle").fill(HANDLE);
  await press("Be this person");
}

await page.goto(`${ADDRESS}/s/callback`);
await look("not begun here");
await signIn();
await look("saved");

await follow("Choose yours");
await look("choose");
await page.getByRole("radio").first().check();
await press("Save this one");
await look("chosen");

await follow("Connect Sandbox Shop");
await look("accounts");
await press("Connect Sandbox Shop, United States");
await look("connected");
await until("In your cart");
await look("in the cart");

await press("Take out of my cart");
await look("taking out");
await until("Taken out of your cart");

await follow("Accounts");
await follow("Read it and decide");
await look("permission");
await press("I agree");
await look("agreed");

await follow("Privacy");
await look("privacy");
await page.getByText("What you agreed to, word for word").click();
await look("privacy, with the words");
await follow("posts of yours");
await look("posts");
await follow("Back to your privacy");
await press("Take back Links that open your cart");
await look("permission taken back");

await page.goto(`${ADDRESS}/s/nothing`);
await look("not found");
await press("Sign out");
await look("signed out");
await signIn();
await follow("Privacy");
await follow("See what happens when you leave");
await look("leave");
await press("Leave and delete");
await look("left");
await signIn();
at = "left earlier";
await look("left earlier");
await press("Take part again");
await look("back again");

print({ done: true });
await browser.close();
