// What a page weighs, and that the largest partner's mapping keeps nobody waiting.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openBrowser, Visitor } from "./browser.js";
import { openStage, PARTNER, waitFor } from "./stage.js";

/** The most that the first page may weigh with all it needs, in bytes. */
const FIRST_PAGE_BYTES_MAX = 100_000;

/** As many customers, and as many companies, as the largest partners have. */
const MANY = 2_000;

/**
 * What the page may add to the time in which the engine compares all names, which the API's answer
 * takes too: how quick that is depends on the build and the machine, and is measured elsewhere.
 */
const ADDED_MS_MAX = 1_000;

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

test("the first page weighs little, and two thousand customers are mapped without waiting", async (t) => {
  const customers = Array.from({ length: MANY }, (_, at) => ({
    id: `c-${at}`,
    name: `Customer number ${at}`,
    domains: [],
  }));
  const stage = await openStage("autotask", { customers });
  const visitor = await Visitor.open(browser, stage);
  const { page } = visitor;
  try {
    for (const { name } of customers) await stage.control("POST", "/companies", { name });
    await visitor.signIn();
    const bytes = await weigh(page, () => page.goto(`/partners/${PARTNER}/integrations`));
    t.diagnostic(`the first page: ${bytes} bytes, ${await loaded(page)} ms`);
    assert(bytes < FIRST_PAGE_BYTES_MAX, `the first page weighs ${bytes} bytes`);
    const { credentials } = stage.simulator;
    const made = await stage.api("POST", "/integrations", { connector: "autotask", credentials });
    await waitFor("all companies being read", async () => {
      const { runs } = await stage.api("GET", `/integrations/${made.id}/runs`);
      const read = runs.find((run) => run.pipeline === "read_directory");
      return read?.status === "succeeded" ? { done: true } : { seen: runs };
    });
    const asked = performance.now();
    await stage.api("GET", `/integrations/${made.id}/mappings/companies`);
    const compared = performance.now() - asked;
    const began = performance.now();
    await page.goto(`/partners/${PARTNER}/integrations/${made.id}/mapping`);
    const box = page.locator("[data-company]").first();
    await box.fill("number 1999");
    await page.getByRole("option", { name: "Customer number 1999" }).first().waitFor();
    const took = performance.now() - began;
    t.diagnostic(`${MANY} customers: ${Math.round(took)} ms until a company is found in the page,`);
    t.diagnostic(`${Math.round(compared)} ms of it until the API had compared all names`);
    const most = 2 * compared + ADDED_MS_MAX;
    assert(took < most, `the mapping is usable after ${took} ms, which is more than ${most} ms`);
    await visitor.look("mapping-many");
  } catch (error) {
    error.message += `\nat ${page.url()}\n${stage.server.output().slice(-2_000)}`;
    throw error;
  } finally {
    await visitor.context.close();
    await stage.close();
  }
});

/** How long the page took until all of it was there, in milliseconds. */
async function loaded(page) {
  const [entry] = await page.evaluate(() =>
    performance.getEntriesByType("navigation").map((one) => one.loadEventEnd),
  );
  return Math.round(entry);
}

/** The bytes of everything that `load` makes the browser fetch, as if nothing was kept. */
async function weigh(page, load) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await load();
  await page.waitForLoadState("networkidle");
  await session.detach();
  return bytes;
}
