// The second half of a walk through the set-up: from switching billing on to a plan that is
// applied, explained and taken back, as a partner's administrator does it.

import assert from "node:assert/strict";

import { waitFor } from "./stage.js";

/** What the customer uses of it; it is billed rounded up. */
const USED = 11.8;
const BILLED = "12";

const PRODUCT = "web-security";
const ITEM = "Web Security, measured";

export class Billing {
  constructor(walk) {
    Object.assign(this, { walk, page: walk.page, stage: walk.stage });
  }

  async all() {
    await this.report();
    await this.choose();
    await this.name();
    await this.ask();
    await this.plan();
    await this.apply();
    await this.explain();
    await this.overview();
    await this.takeBack();
  }

  /** The product tells what was used. */
  async report() {
    const usage = {
      customer_id: this.walk.customer,
      product_id: PRODUCT,
      status: "active",
      term_start: "2026-07-01",
      term_end: "2099-12-31",
      quantity: USED,
    };
    await this.stage.api("PUT", "/usage", { usage: [usage] });
  }

  /** Billing is switched on, and a company's agreement chosen. */
  async choose() {
    const { walk, page } = this;
    const { title, settings, save } = walk.psa.billing;
    await walk.tab(title);
    this.root = page.url().replace(/\/billing.*/, "");
    await page.locator("[role=switch][name=on]").check();
    for (const [label, choice] of settings) {
      await page.getByLabel(label, { exact: true }).selectOption({ label: choice });
    }
    await walk.look("billing-off");
    await walk.button(save).click();
    await walk.says("Saved.");
    const qualifies = page.getByRole("button", { name: /Choose the only one that qualifies/ });
    await waitFor("the agreements being read", async () => {
      await page.goto(`${this.root}/billing`);
      const count = await qualifies.count();
      return count > 0 ? { done: true } : { seen: await page.locator("main").innerText() };
    });
    await walk.look("billing");
    await qualifies.click();
    await walk.says("Saved: ");
    await walk.button(save).click();
    await walk.says("Saved.");
  }

  /** The product is billed as an item that the PSA does not have yet. */
  async name() {
    const { walk, page } = this;
    await page.getByRole("link", { name: "Next: products" }).click();
    await page.getByLabel(PRODUCT, { exact: true }).selectOption({ label: "Create a new one…" });
    await page.getByLabel("Name", { exact: true }).first().fill(ITEM);
    await page.getByLabel("Price in a period", { exact: true }).first().fill("3.50");
    await walk.look("products");
    await walk.button("Save Product Mapping").click();
    await walk.says("Product mapping saved");
  }

  /** From a preview, in which nothing is written, to being asked. */
  async ask() {
    const { walk, page } = this;
    await page.getByRole("link", { name: "Next: counting and limits" }).click();
    await page.getByRole("radio", { name: /^Ask me/ }).check();
    await walk.look("policy");
    await walk.button("Save Counting and Limits").click();
    await walk.says("Counting and limits saved");
    await page.getByRole("link", { name: "Next: the plan" }).click();
  }

  /** The line is there with what the PSA has, what was counted, and the change. */
  async plan() {
    const { walk, page } = this;
    const line = page.locator("tbody tr", { hasText: ITEM });
    await waitFor("the plan", async () => {
      await page.goto(`${this.root}/reconciliation`);
      const isThere = (await line.count()) > 0 && (await line.getByText("Proposed").count()) > 0;
      return isThere ? { done: true } : { seen: await page.locator("main").innerText() };
    });
    const numbers = line.locator("td.number");
    assert.match(await numbers.nth(1).innerText(), new RegExp(`^${BILLED}\\s+${USED} reported`));
    assert.match(await numbers.nth(2).innerText(), new RegExp(`^\\+${BILLED}`));
    await walk.look("reconciliation");
    const report = await page.request.get(`${this.root}/reconciliation/report.csv`);
    assert.equal(report.status(), 200);
    assert.match(await report.text(), new RegExp(`"?${ITEM}"?.*${BILLED}`));
    const { changes } = await this.stage.api("GET", `${this.api()}/changes`);
    assert.deepEqual(changes, [], "nothing is written before somebody approved it");
  }

  /** It is approved, applied with live progress, and read back. */
  async apply() {
    const { walk, page } = this;
    await page.getByRole("button", { name: /^Approve all/ }).click();
    await walk.says("Approved: 1");
    await page.getByRole("button", { name: "Apply 1 approved" }).click();
    await this.ends("Everything is as it should be");
    await walk.look("reconciliation-applied");
    const { changes } = await this.stage.api("GET", `${this.api()}/changes`);
    assert.deepEqual(changes.map((one) => one.state), ["verified"]);
  }

  /** Where the number comes from. */
  async explain() {
    const { walk, page } = this;
    await page.getByRole("link", { name: "Show all lines" }).click();
    await page.getByRole("link", { name: ITEM }).click();
    await walk.says("What was used");
    await walk.says(`${USED}`);
    await walk.says(`Read back: ${BILLED}`);
    await walk.look("explain");
  }

  /** The same over all integrations, which leads to each line. */
  async overview() {
    const { walk, page } = this;
    await walk.tab("Billing");
    await walk.says("Everything is as it should be");
    await page.getByRole("link", { name: "Show all lines" }).click();
    const line = page.locator("tbody tr", { hasText: ITEM });
    const numbers = await line.locator("td.number").allInnerTexts();
    assert.deepEqual(numbers.slice(0, 3), [BILLED, `${USED}`, BILLED]);
    await walk.look("overview");
    await page.getByRole("link", { name: ITEM }).click();
    await walk.says("What was used");
  }

  async takeBack() {
    const { walk, page } = this;
    // It asks first: in a dialog, or on a page of its own.
    if (walk.visitor.scripts) page.once("dialog", (dialog) => dialog.accept());
    await walk.button("Undo").click();
    if (!walk.visitor.scripts) {
      await walk.look("undo");
      await walk.button("Take it back").click();
    }
    await this.ends("Takes an earlier one back", `${this.root}/reconciliation/changes`);
    await page.goto(`${this.root}/reconciliation/changes`);
    await walk.says("Taken back since");
    await walk.look("changes");
  }

  /** Waits for what a page says after a run: by itself with script, else looked at again. */
  async ends(text, url) {
    const { walk, page } = this;
    const said = page.getByText(text).first();
    if (walk.visitor.scripts && !url) return said.waitFor();
    return waitFor(`the page saying: ${text}`, async () => {
      await page.goto(url ?? page.url());
      return (await said.count()) > 0 ? { done: true } : { seen: page.url() };
    });
  }

  api() {
    return `/integrations/${this.root.match(/\/integrations\/([^/?]+)/)[1]}`;
  }
}
