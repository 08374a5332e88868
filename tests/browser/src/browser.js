// A headless Chromium, and pages that fail a test by themselves: on an error in the console, a
// breach of the security policy, a request that fails or goes to another host, and on anything
// that axe-core finds against WCAG 2.2 AA.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { target } from "./program.js";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const pictures = join(target, "browser");
mkdirSync(pictures, { recursive: true });

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What pages are looked at in; held against WCAG where colours or layout are new. */
const LOOKS = [
  { name: "light-wide", colorScheme: "light", width: 1280, height: 900, held: true },
  { name: "dark-wide", colorScheme: "dark", width: 1280, height: 900, held: true },
  { name: "light-narrow", colorScheme: "light", width: 390, height: 844, held: true },
  { name: "dark-narrow", colorScheme: "dark", width: 390, height: 844 },
  // A window of 1280 at 200 %.
  { name: "zoomed", colorScheme: "light", width: 640, height: 450 },
];

/** More widths in which nothing may stand over an edge: around those where the layout changes. */
const WIDTHS = [320, 660, 960, 970, 1024, 1216, 1226];

/** The highest window, in pixels, that a picture is taken in. */
const HEIGHT_MAX = 8_000;

/** The distribution's Chromium, in whichever of its names is there. */
export async function openBrowser() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.map((name) => which(name)).find(Boolean);
  assert(found, "there is no chromium: apt-get install chromium");
  return chromium.launch({ executablePath: found, headless: true, args: FLAGS });
}

function which(name) {
  try {
    return execFileSync("which", [name], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined;
  }
}

/** A visitor with cookies of their own. `javaScriptEnabled: false` is one without script. */
export class Visitor {
  static async open(browser, stage, options = {}) {
    const context = await browser.newContext({
      baseURL: stage.url,
      viewport: { width: 1280, height: 900 },
      permissions: ["clipboard-read", "clipboard-write"],
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const visitor = new Visitor(stage, context, page);
    visitor.scripts = options.javaScriptEnabled !== false;
    return visitor;
  }

  constructor(stage, context, page) {
    Object.assign(this, { stage, context, page, faults: [], expected: [] });
    page.on("pageerror", (error) => this.fault(`an error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || /Content Security Policy/.test(message.text())) {
        this.fault(`in the console: ${message.text()}`);
      }
    });
    page.on("requestfailed", (request) => {
      // A page that is left breaks off what it was loading.
      const why = request.failure()?.errorText;
      if (why !== "net::ERR_ABORTED") this.fault(`${request.url()} failed: ${why}`);
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(stage.url) && !/^(data|blob|about):/.test(url)) {
        this.fault(`another host is asked: ${url}`);
      }
    });
    page.on("response", (response) => {
      if (response.status() >= 500) this.fault(`${response.url()}: ${response.status()}`);
    });
  }

  fault(text) {
    if (!this.expected.some((pattern) => pattern.test(text))) this.faults.push(text);
  }

  /** Says that a fault of this kind is what the test is about. */
  expect(pattern) {
    this.expected.push(pattern);
  }

  async signIn(scope) {
    await this.page.goto(await this.stage.link(scope));
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.getByRole("button", { name: "Sign out" }).waitFor();
  }

  /** One picture of the whole page, in a window as high: what sticks to its edge hides nothing. */
  async picture(name) {
    const { page } = this;
    const { width, height } = page.viewportSize();
    const whole = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.min(Math.max(whole, height), HEIGHT_MAX) });
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
    await page.setViewportSize({ width, height });
  }

  /** Takes pictures of the page in all looks, or the first two, and holds it against WCAG. */
  async look(name, { looks = LOOKS.length } = {}) {
    const { page } = this;
    const before = page.viewportSize();
    for (const { name: look, colorScheme, width, height, held } of LOOKS.slice(0, looks)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(wide <= width, `${name} is ${wide} wide in a window of ${width}`);
      await this.picture(`${name}.${look}`);
      if (this.scripts && held) await this.checkAccess(`${name}, ${look}`);
    }
    if (looks === LOOKS.length) await this.fits(name);
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(before);
    this.check();
  }

  /** Fails if something is wider than the window or, in a table, than what it lies in. */
  async fits(name) {
    const { page } = this;
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate(() => {
        const tables = [...document.querySelectorAll("main table")];
        const lies = (table) => table.offsetWidth > table.parentElement.clientWidth + 1;
        return document.documentElement.scrollWidth > innerWidth || tables.some(lies);
      });
      assert(!over, `${name} stands over an edge in a window of ${width}`);
    }
  }

  async checkAccess(where) {
    const { page } = this;
    // Evaluated by the debugger, which the page's security policy does not concern.
    const isThere = await page.evaluate("typeof axe === 'object'");
    if (!isThere) await page.evaluate(axeSource());
    const found = await page.evaluate(
      (tags) => axe.run(document, { runOnly: { type: "tag", values: tags } }),
      WCAG,
    );
    const told = found.violations.flatMap((rule) =>
      rule.nodes.map((node) => `${rule.id}: ${rule.help}: ${node.html}\n${node.failureSummary}`),
    );
    assert.deepEqual(told, [], `${where}: what axe-core finds`);
  }

  /** Fails if anything went wrong on the pages so far. */
  check() {
    assert.deepEqual(this.faults, [], "what went wrong on the pages");
  }

  async close() {
    await this.context.close();
    this.check();
  }
}

let source;
function axeSource() {
  source ??= readFileSync(axe, "utf8");
  return source;
}
