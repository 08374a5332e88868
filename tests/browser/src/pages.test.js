// What the walks through the set-up do not pass: the keyboard alone, the people who may only look,
// the operator's page, names that are hard on a page, and what is disconnected.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openBrowser, Visitor } from "./browser.js";
import { openStage, PARTNER, waitFor } from "./stage.js";

/** Long without a place to break, read from the right, and what would be markup. */
const NAMES = [
  "Northern Lights Veterinary & Animal Rehabilitation Center Ltd",
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
  "مكتبة الشرق للنشر والتوزيع",
  '<b onclick="x">Bold</b> & "Sons"',
];

/** More than any page has stops for the keyboard. */
const STOPS_MAX = 200;

let browser, stage, root;
before(async () => {
  browser = await openBrowser();
  const customers = NAMES.map((name, at) => ({ id: `c-${at}`, name, domains: [] }));
  stage = await openStage("autotask", { customers });
  for (const name of NAMES) await stage.control("POST", "/companies", { name: `${name} Group` });
  const { credentials } = stage.simulator;
  const made = await stage.api("POST", "/integrations", { connector: "autotask", credentials });
  root = `/partners/${PARTNER}/integrations/${made.id}`;
  await waitFor("the companies being read", async () => {
    const { mappings } = await stage.api("GET", `/integrations/${made.id}/mappings/companies`);
    const offered = mappings.filter((one) => one.suggestion?.company);
    return offered.length > 0 ? { done: true } : { seen: mappings };
  });
});
after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Opens the pages as somebody, and tells where a step went wrong. */
async function as(scope, steps) {
  const visitor = await Visitor.open(browser, stage);
  try {
    await visitor.signIn(scope);
    await steps(visitor, visitor.page);
    visitor.check();
  } catch (error) {
    error.message += `\nat ${visitor.page.url()}`;
    throw error;
  } finally {
    await visitor.context.close();
  }
}

test("a company is mapped by the keyboard alone", () =>
  as(undefined, async (visitor, page) => {
    await page.goto(`${root}/mapping`);
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to content" });
    assert(await skip.evaluate((one) => one === document.activeElement), "the first stop skips");
    await page.keyboard.press("Enter");
    const main = await page.evaluate(() => document.activeElement.id);
    assert.equal(main, "main");
    const box = page.getByRole("combobox").first();
    await box.focus();
    await page.keyboard.press("ArrowDown");
    const option = page.getByRole("option").first();
    await option.waitFor();
    await page.keyboard.press("ArrowDown");
    assert.equal(await option.getAttribute("aria-selected"), "true");
    assert.equal(await box.getAttribute("aria-activedescendant"), await option.getAttribute("id"));
    await visitor.look("mapping-open");
    await box.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    assert.equal(await box.getAttribute("aria-expanded"), "false");
    await page.keyboard.type("Rehabilitation");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await box.inputValue(), `${NAMES[0]} Group`);
    await page.getByText("1 unsaved change", { exact: true }).waitFor();
    let asked = 0;
    page.on("dialog", (dialog) => {
      asked += 1;
      return asked === 1 ? dialog.dismiss() : dialog.accept();
    });
    // Left behind with something unsaved: the browser asks, and stays.
    await page.getByRole("link", { name: "Issues", exact: true }).focus();
    await page.keyboard.press("Enter");
    await waitFor("being asked before leaving", () => (asked ? { done: true } : { seen: asked }));
    assert.match(page.url(), /mapping(#main)?$/);
    await page.getByRole("button", { name: "Save Client Mapping" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Mapping saved: 1 changed.").waitFor();
    await page.getByRole("link", { name: "Next: tickets" }).click();
    await page.getByRole("heading", { name: "Ticket Integration", level: 1 }).waitFor();
  }));

test("whatever the keyboard goes to is seen, has its frame, and lets it go on", () =>
  as(undefined, async (visitor, page) => {
    for (const part of ["mapping", "settings/tickets", "billing", "status", "connection"]) {
      await page.goto(`${root}/${part}`);
      const end = page.locator("main button:visible:enabled, main a:visible").last();
      const isThere = () => end.evaluate((one) => one === document.activeElement);
      for (let stops = 0; !(await isThere()); stops += 1) {
        assert(stops < STOPS_MAX, `${part}: the end is not reached`);
        await page.keyboard.press("Tab");
        const lost = await page.evaluate(() => {
          const one = document.activeElement;
          const { x, y, width, height } = one.getBoundingClientRect();
          const above = document.elementFromPoint(x + width / 2, y + Math.min(height / 2, 20));
          const isSeen = above && (one.contains(above) || above.contains(one));
          const isFramed = getComputedStyle(one).outlineStyle === "solid";
          return isSeen && isFramed ? undefined : one.outerHTML.slice(0, 200);
        });
        assert.equal(lost, undefined, `${part}: not seen while it has the focus`);
      }
    }
  }));

test("what waits tells where it is mended", () =>
  as(undefined, async (visitor, page) => {
    await stage.api("PUT", `/integrations/${root.split("/").pop()}/settings/tickets`, {
      on: true,
      values: await ticketSettings(),
    });
    await stage.request("waits-1", "c-3", { user: { name: NAMES[2] }, hostname: "x".repeat(60) });
    await stage.reaches("waits-1", "parked");
    await page.goto(`/partners/${PARTNER}/issues`);
    await visitor.look("issues-hard-names");
    await page.getByRole("link", { name: "Open the mapping" }).click();
    await page.getByText("1 request waits").waitFor();
    await page.goto(`/partners/${PARTNER}/activity`);
    await visitor.look("activity-hard-names");
    await page.getByRole("link", { name: "waits-1" }).click();
    await visitor.look("request-waits");
    await page.getByRole("link", { name: "Open the mapping" }).click();
    await page.getByText("1 request waits").waitFor();
  }));

/** Any values that the form takes. */
async function ticketSettings() {
  const api = `/integrations/${root.split("/").pop()}`;
  const { form } = await stage.api("GET", `${api}/settings/tickets`);
  const values = {};
  for (const { name, choices, required } of form.fields) {
    if (!choices || !required) continue;
    const offered = (await stage.api("GET", `${api}/choices/${choices}`)).choices;
    const active = offered.filter((one) => one.active);
    // Two statuses must not be the same.
    values[name] = (name.startsWith("closing") ? active.at(-1) : active[0]).value;
  }
  return values;
}

test("a reader looks at everything and finds nothing to press", () =>
  as(["--partner", PARTNER, "--read-only"], async (visitor, page) => {
    for (const part of ["mapping", "settings/tickets", "billing", "status", "connection"]) {
      await page.goto(`${root}/${part}`);
      await page.getByText("You may look at everything here, and change nothing.").waitFor();
      const pressed = page.locator("main form[method=post] button:visible:enabled");
      assert.equal(await pressed.count(), 0, part);
    }
    await visitor.look("reader");
  }));

test("the pages besides the set-up, as they are and as they refuse", () =>
  as(undefined, async (visitor, page) => {
    const partner = `/partners/${PARTNER}`;
    // What is unsaved is left behind on purpose.
    page.on("dialog", (dialog) => dialog.accept());
    await page.goto(`${partner}/reconciliation`);
    await page.getByText("Billing is switched on nowhere").waitFor();
    await visitor.look("overview-empty");
    await page.goto(`${partner}/notices`);
    await visitor.look("notices");
    await page.goto(`${partner}/tokens`);
    await page.getByLabel("Name", { exact: true }).fill("A program that can be revoked alone");
    await page.getByRole("button", { name: "Make Token" }).click();
    await page.getByText("Here is the new token.").waitFor();
    await visitor.look("tokens");
    await page.goto(`${root}/mapping/import`);
    await visitor.look("mapping-import");
    visitor.expect(/status of 422/); // how the browser's console tells of a refused form
    await page.goto(`${root}/settings/tickets/script`);
    await page.locator("textarea[data-lines]").fill("fn compose(request {\n  request.\n}");
    await page.getByRole("button", { name: "Save Script" }).click();
    await page.locator(".problems li").first().waitFor();
    await visitor.look("script-refused");
    await page.goto(`${root}/settings/tickets`);
    await page.getByLabel("Ticket Title").first().fill("{{report_type}} on {{hostnme}}");
    await page.locator("#preview .fault").waitFor();
    await visitor.look("title-refused");
    await page.goto(`${partner}/integrations/new/halopsa`);
    await page.getByLabel("Authorization URL").fill(stage.url);
    for (const label of ["Client ID", "Client Secret"]) await page.getByLabel(label).fill("wrong");
    await page.getByRole("button", { name: "Test Connection" }).click();
    await page.locator(".notice.bad, .fault").first().waitFor();
    await visitor.look("create-refused");
  }));

test("an operator sees how every partner is doing", () =>
  as([], async (visitor, page) => {
    await page.goto("/");
    await page.getByRole("link", { name: "Northwind Managed Services" }).waitFor();
    await visitor.look("partners");
    await page.getByRole("link", { name: "Issues of all" }).click();
    await page.getByRole("heading", { name: "Issues of all partners" }).waitFor();
    await visitor.look("fleet-issues");
    await page.goto("/tokens");
    await visitor.look("fleet-tokens");
    visitor.expect(/status of 404/);
    await page.goto("/partners/nobody/integrations");
    await visitor.look("no-such-page");
  }));

test("a link works once, and says so", async () => {
  const visitor = await Visitor.open(browser, stage);
  const { page } = visitor;
  const link = await stage.link();
  await page.goto(link);
  await visitor.look("sign-in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  visitor.expect(/status of 4\d\d/);
  await page.goto(link);
  await page.getByText("A link works once").waitFor();
  await visitor.look("sign-in-refused");
  await visitor.close();
});

test("what is disconnected says how to connect it again", () =>
  as(undefined, async (visitor, page) => {
    await page.goto(`${root}/connection`);
    await page.getByLabel(/Forget the credentials/).check();
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("Disconnected. The credentials are forgotten.").waitFor();
    await visitor.look("settings-disconnected");
    await page.goto(`/partners/${PARTNER}/integrations`);
    await page.getByText("Disconnected").first().waitFor();
    await visitor.look("integrations-disconnected");
    await page.goto(`${root}/status`);
    await visitor.look("status-disconnected");
  }));
