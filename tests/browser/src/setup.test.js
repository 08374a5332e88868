// A partner connects a PSA in the browser, from ADD over a test ticket to a closed ticket and an
// applied plan, as the PSA's own page of instructions says; with script and without. Each page is
// looked at in light and dark, wide and narrow.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Billing } from "./billing.js";
import { openBrowser, Visitor } from "./browser.js";
import { openStage, waitFor } from "./stage.js";

const PSAS = [
  {
    name: "autotask",
    title: "Autotask",
    mapping: "Company Mapping",
    settings: {
      queue: ["Default Queue", "Service Desk"],
      initial_status: ["Initial Status", "New"],
      closing_status: ["Closing Status", "Complete"],
    },
    billing: {
      title: "Billing Integration",
      settings: [["Default Billing Code", "Managed Security"]],
      save: "Save Recurring Contract Mapping",
    },
  },
  {
    name: "halopsa",
    title: "HaloPSA",
    mapping: "Client Mapping",
    settings: {
      agent: ["Default Agent", "Unassigned"],
      team: ["Default Team", "Security"],
      initial_status: ["Initial Status", "New"],
      closing_status: ["Closing Status", "Closed"],
    },
    billing: {
      title: "Recurring Invoices",
      settings: [],
      save: "Save Recurring Invoice Mapping",
    },
  },
];

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

for (const psa of PSAS) {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "with script" : "without script";
    test(`${psa.title} ${how}, from ADD to a closed ticket and an applied plan`, async () => {
      const stage = await openStage(psa.name);
      const visitor = await Visitor.open(browser, stage, { javaScriptEnabled });
      try {
        await new Walk(psa, stage, visitor).all();
        visitor.check();
      } catch (error) {
        await visitor.picture(`failed.${psa.name}`);
        error.message += `\nat ${visitor.page.url()}\n${stage.server.output().slice(-2_000)}`;
        throw error;
      } finally {
        await visitor.context.close();
        await stage.close();
      }
    });
  }
}

/** One way through the set-up. */
class Walk {
  constructor(psa, stage, visitor) {
    Object.assign(this, { psa, stage, visitor, page: visitor.page });
  }

  async all() {
    await this.visitor.signIn();
    await this.create();
    await this.map();
    await this.configureTickets();
    await this.testTicket();
    await this.synchronize();
    await this.closeTicket();
    await this.closeRequest();
    await new Billing(this).all();
    await this.findAgain();
    await this.hold();
  }

  /** Pictures and checks of a page, not again without script, and in fewer looks of one like it. */
  async look(name) {
    const { scripts } = this.visitor;
    const looks = this.psa === PSAS[0] ? undefined : 2;
    if (scripts) await this.visitor.look(`${this.psa.name}.${name}`, { looks });
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  async says(text) {
    await this.page.getByText(text).first().waitFor();
  }

  async create() {
    const { page } = this;
    await this.look("integrations-empty");
    await page.getByRole("link", { name: `ADD ${this.psa.title}` }).click();
    for (const [name, value] of Object.entries(this.stage.simulator.credentials)) {
      const field = page.locator(`[name="credentials.${name}"]`);
      if (await field.count()) await field.fill(`${value} `); // as pasted
    }
    assert(await this.button("Create Integration").isDisabled());
    await this.button("Test Connection").click();
    await this.says("Connection successful");
    await this.look("create");
    assert(await this.button("Create Integration").isEnabled());
    await this.button("Create Integration").click();
    await this.says("Integration created");
    await page.getByRole("heading", { name: this.psa.mapping, level: 1 }).waitFor();
  }

  async map() {
    const { page } = this;
    await waitFor("the companies being read", async () => {
      await page.goto(page.url().replace(/\?.*/, ""));
      const count = await page.getByRole("button", { name: "Accept suggestions" }).count();
      return count > 0 ? { done: true } : { seen: await page.locator("main").innerText() };
    });
    const offer = page.locator("button.suggestion").first();
    const ground = await offer.evaluate((one) => getComputedStyle(one).backgroundColor);
    const [red, green, blue] = ground.match(/\d+/g).map(Number);
    assert(green > red && green > blue, `the most similar one is on green, not on ${ground}`);
    await this.look("mapping");
    await this.button("Accept suggestions").click();
    await this.says("Suggestions accepted");
    await this.button("Save Client Mapping").click();
    await this.says("Mapping saved");
    const { mappings } = await this.stage.api("GET", `${this.api()}/mappings/companies`);
    this.customer = mappings.find((one) => one.company)?.customer;
    assert(this.customer, "a customer is mapped");
    this.customer = this.customer.id ?? this.customer;
  }

  /** The integration's part of the API's paths. */
  api() {
    const [, integration] = this.page.url().match(/\/integrations\/([^/?]+)/);
    return `/integrations/${integration}`;
  }

  tab(name) {
    return this.page.getByRole("link", { name, exact: true }).click();
  }

  async configureTickets() {
    const { page } = this;
    await this.tab("Ticket Integration");
    const toggle = page.locator("[role=switch][name=on]");
    await toggle.check();
    for (const [label, choice] of Object.values(this.psa.settings)) {
      await page.getByLabel(label, { exact: true }).selectOption({ label: choice });
    }
    await this.look("tickets");
    await this.button("Save Ticket Configuration").click();
    await this.says("Configuration saved");
  }

  /** A ticket that shows that tickets work, before the first real one. */
  async testTicket() {
    const { page } = this;
    await this.button("Send test ticket").click();
    const done = page.getByText("The test ticket was made, checked and closed.");
    // With script the page tells by itself how it went; without, somebody looks again.
    if (this.visitor.scripts) await done.waitFor();
    await waitFor("the test ticket being checked", async () => {
      if ((await done.count()) > 0) return { done: true };
      await page.goto(page.url());
      return { seen: await page.locator("main").innerText() };
    });
    assert.equal(await page.locator(".rights .missing").count(), 0, "every check holds");
    await this.look("test-ticket");
    await page.getByRole("link", { name: "Back to the settings" }).click();
  }

  async synchronize() {
    const { page } = this;
    await this.tab("Status");
    await this.button("Synchronize now").click();
    await waitFor("the synchronization being over", async () => {
      // With script the page shows it by itself; without, somebody looks again.
      if (!this.visitor.scripts) await page.goto(page.url().replace(/\?.*/, ""));
      const running = await page.locator("[data-watch]").count();
      const done = await page.locator("tbody tr").count();
      return running === 0 && done > 0 ? { done } : { seen: { running, done } };
    });
    const field = page.getByRole("textbox", { name: "Callout URL" });
    this.callout = await field.inputValue();
    const path = new URL(this.callout, this.stage.url).pathname;
    this.callout = this.stage.url + path;
    if (this.visitor.scripts) {
      const [box, copy] = await Promise.all([
        page.locator(".callout-box").boundingBox(),
        this.button("Copy").boundingBox(),
      ]);
      assert(copy.x < box.x + box.width / 4, "Copy is at the left of its box");
      assert(copy.y > box.y + box.height / 2, "Copy is at the bottom of its box");
      await this.button("Copy").click();
      await this.says("Copied");
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(new URL(copied, this.stage.url).pathname, path);
    }
    await this.look("status");
  }

  /** A request becomes a ticket; a technician closes it, and the callout tells of it. */
  async closeTicket() {
    const { stage, page } = this;
    await stage.control("POST", "/callout", { url: this.callout });
    await stage.request("browser-1", this.customer, { user: { name: "Dana <b>Reyes</b>" } });
    const { ticket } = await stage.reaches("browser-1", "ticketed");
    // In the PSA a technician sets the status that the partner has chosen here.
    const { values } = await stage.api("GET", `${this.api()}/settings/tickets`);
    const status = Number(values.closing_status);
    await stage.control("POST", `/tickets/${ticket.id}/status`, { status });
    const closed = await stage.reaches("browser-1", "closed");
    assert.equal(closed.closed_by, "psa");
    await page.goto(page.url().replace(/\?.*/, ""));
    await this.says("A callout has arrived");
  }

  /** The other way round: what is closed in the product is closed in the PSA. */
  async closeRequest() {
    const { stage } = this;
    await stage.request("browser-closed", this.customer);
    const { ticket } = await stage.reaches("browser-closed", "ticketed");
    await stage.api("POST", "/requests/browser-closed/close", { resolution: "Allowed" });
    await stage.reaches("browser-closed", "closed");
    const { values } = await stage.api("GET", `${this.api()}/settings/tickets`);
    const there = await stage.control("GET", `/tickets/${ticket.id}`);
    const status = there.status ?? there.status_id;
    assert.equal(Number(status), Number(values.closing_status), JSON.stringify(there));
  }

  async findAgain() {
    const { page } = this;
    await this.tab("Activity");
    await page.getByLabel("Search requests").fill("FILES.example");
    await this.button("Search").click();
    await this.look("activity");
    await page.getByRole("link", { name: "browser-1" }).click();
    await this.says("Dana <b>Reyes</b>");
    await this.look("request");
    await this.button("Replay").click();
    await this.says("Its ticket is being read again");
    await this.tab("Issues");
    await this.look("issues");
  }

  /** Wrong credentials replace nothing; a pause is a pause. */
  async hold() {
    const { page, stage } = this;
    await this.tab("Integrations");
    await this.look("integrations");
    await page.locator(".connected a").first().click();
    await this.tab("Settings");
    for (const name of Object.keys(stage.simulator.credentials)) {
      const field = page.locator(`[name="credentials.${name}"]`);
      if (await field.count()) await field.fill(stage.simulator.credentials[name]);
    }
    await page.locator('[name^="credentials."][type=password]').last().fill("wrong");
    this.visitor.expect(/status of 422/); // how the browser's console tells of a refused form
    await this.button("Test and replace").click();
    await this.says("Those in use stay in use");
    await this.look("settings-rejected");
    await this.button("Pause").click();
    await this.says("Paused. What comes waits.");
    await stage.request("browser-2", this.customer);
    await stage.reaches("browser-2", "parked");
    await page.goto(page.url().replace(/\/integrations.*/, "/issues"));
    await this.says("is paused, and work waits for it");
    await this.look("issues-held");
    await page.goBack();
    await this.button("Resume").click();
    await this.says("Resumed. What has waited goes on.");
    await stage.reaches("browser-2", "ticketed");
  }
}
