// A server between a simulated PSA and a simulated product, with a partner who has customers and
// nothing else: where somebody stands who opens the console for the first time.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { run, start } from "./program.js";

export const PARTNER = "northwind";

/** Starts everything; `customers` replaces the product's sample customers. */
export async function openStage(psa, { customers } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "dovetail-browser-"));
  const running = [];
  const close = async () => {
    for (const one of running.reverse()) await one.end();
    await rm(folder, { recursive: true });
  };
  try {
    const simulator = await simulate(psa);
    running.push(simulator);
    const product = await simulate("product");
    running.push(product);
    const config = join(folder, "dovetail.yaml");
    const data = join(folder, "data");
    // Written as JSON, which is YAML, too.
    const vendor = simulator.vendor;
    const trust = [simulator.url];
    await writeFile(config, JSON.stringify({ trust, ...(vendor && { vendor: { [psa]: vendor } }) }));
    const listens = /listens on (http:\/\/\S+?);/;
    const serve = ["serve", "--data", data, "--config", config, "--listen", "127.0.0.1:0"];
    const server = await start(serve, listens);
    running.push(server);
    const stage = new Stage({ psa, simulator, product, server, data, close });
    await stage.introduce(customers);
    return stage;
  } catch (error) {
    await close();
    throw error;
  }
}

class Stage {
  constructor(parts) {
    Object.assign(this, parts);
    this.url = parts.server.found[1];
  }

  /** Tells the server of the partner and its customers, as the product does. */
  async introduce(customers) {
    this.token = await run(["token", "--data", this.data]);
    const webhook = { url: `${this.product.url}/webhooks`, secret: this.product.secret };
    await this.api("PUT", "", { name: "Northwind Managed Services", webhook });
    this.customers = customers ?? (await getJson(this.product.samples.customers));
    await this.api("PUT", "/customers", { customers: this.customers });
  }

  /** A sign-in link that is good once; for the partner's people unless `scope` says otherwise. */
  async link(scope = ["--partner", PARTNER]) {
    return run(["token", "--data", this.data, "--link", this.url, ...scope]);
  }

  /** A call of the API below the partner, which must succeed. */
  async api(method, path, body) {
    const url = `${this.url}/api/v1/partners/${PARTNER}${path}`;
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** A call of the PSA's controls. */
  async control(method, path, body) {
    const url = `${this.simulator.url}/__simulator${path}`;
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** Hands in a request of a customer, as the product does. */
  async request(id, customer, more = {}) {
    const request = { id, customer_id: customer, report_type: "url_block", ...more };
    return this.api("POST", "/requests", { hostname: "files.example", ...request });
  }

  /** Waits until a request is in `state`. */
  reaches(id, state) {
    return waitFor(`request ${id} becoming ${state}`, async () => {
      const request = await this.api("GET", `/requests/${id}`);
      return request.state === state ? { done: request } : { seen: request.state };
    });
  }
}

/** Looks until `look` gives `{ done }`; what it had `seen` last is told if it never does. */
export async function waitFor(what, look, limit = 30_000) {
  const until = Date.now() + limit;
  let seen;
  while (Date.now() < until) {
    const now = await look();
    if ("done" in now) return now.done;
    seen = now.seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not happen; last seen: ${JSON.stringify(seen)}`);
}

export async function getJson(url) {
  return (await fetch(url)).json();
}

/** Starts one simulator and reads what it says a person has to know. */
async function simulate(name) {
  const last = name === "product" ? /What came in: +\S+/ : /Controls: +\S+/;
  const simulator = await start(["simulate", name], last);
  const text = simulator.output();
  const url = text.match(/ at (http:\/\/\S+)/)[1];
  if (name === "product") {
    const said = (label) => text.match(new RegExp(`${label}: +(\\S+)`))[1];
    const samples = { customers: said("Sample customers"), requests: said("Sample requests") };
    return { ...simulator, url, secret: said("webhook secret"), samples };
  }
  const [settings, credentials] = text.split(/^Credentials for .*$/m);
  return { ...simulator, url, vendor: pairs(settings), credentials: pairs(credentials) };
}

/** Lines of the form `name: "value"`. */
function pairs(text) {
  const lines = [...text.matchAll(/^ +(\w+): (".*")$/gm)];
  return lines.length > 0
    ? Object.fromEntries(lines.map(([, name, value]) => [name, JSON.parse(value)]))
    : undefined;
}
