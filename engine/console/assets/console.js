// What makes the console's forms better than they are without script. Each part looks for its
// attribute below a root, so that it works on the page and on what is put into it later.
"use strict";

document.documentElement.classList.add("js");

// Moments in the reader's own zone; the exact one on hover.
function showMoments(root) {
  const near = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = near.format(at);
    time.title = exact.format(at) + " · " + time.dateTime;
  }
}

function encoded(form, button) {
  const data = new FormData(form, button);
  return new URLSearchParams([...data].filter(([, value]) => typeof value === "string"));
}

// Puts the part `selector` of a page that was fetched in the place of the same part of this one.
function swap(text, selector) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const [from, to] = [page.querySelector(selector), document.querySelector(selector)];
  if (!from || !to) return false;
  const next = document.importNode(from, true);
  to.replaceWith(next);
  enhance(next);
  const first = next.querySelector("[aria-invalid=true]") || next.querySelector("[role=status] .notice");
  if (first) {
    if (!first.matches("input, select, textarea")) first.tabIndex = -1;
    first.focus();
  }
  return true;
}

// `data-swap`: sends the form without leaving the page, and shows what comes back in its place.
async function send(form, button) {
  const body = encoded(form, button);
  const answer = await fetch(button?.formAction && button.hasAttribute("formaction") ? button.formAction : form.action || location.href,
    { method: "POST", body, credentials: "same-origin" });
  if (answer.redirected) {
    settled.add(form);
    location.assign(answer.url);
    return;
  }
  if (!swap(await answer.text(), form.dataset.swap)) form.submit();
}

// Forms whose values are saved or given up; leaving them asks nothing.
const settled = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-busy", "true");
  if (form.method !== "post" || !form.dataset.swap) {
    settled.add(form);
    return;
  }
  event.preventDefault();
  send(form, button)
    .catch(() => form.submit())
    .finally(() => {
      form.removeAttribute("aria-busy");
      button?.removeAttribute("aria-busy");
    });
});

// A page that the browser brings back has no form under way.
addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
});

// `data-retest`: what was tested is no longer what is in the form.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-retest]");
  if (!form) return;
  for (const button of form.querySelectorAll("[data-needs-test]")) button.disabled = true;
});

// Boxes in which a company is chosen: a list below the box, narrowed down by typing. The list is
// read once for the whole page; only where there are too many is each text asked for.
const directories = new Map();

async function companies(source, text) {
  const read = (url) => fetch(url, { credentials: "same-origin" }).then((answer) => answer.json());
  if (!directories.has(source)) directories.set(source, read(source));
  const all = await directories.get(source);
  if (!all.more || !text) return all;
  return read(source + "?q=" + encodeURIComponent(text));
}

const SHOWN = 60;

class CompanyBox {
  constructor(input) {
    this.input = input;
    this.source = input.closest("[data-companies]").dataset.companies;
    this.list = document.createElement("ul");
    this.list.className = "options";
    this.list.id = input.id + ".options";
    this.list.setAttribute("role", "listbox");
    this.list.hidden = true;
    input.parentElement.append(this.list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-autocomplete", "list");
    input.addEventListener("click", () => this.open(""));
    input.addEventListener("input", () => this.open(input.value));
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // Before the box loses the focus, which would close the list.
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[data-id]");
      if (option) this.choose(option.dataset.id, option.dataset.name);
    });
  }

  set(part, value) {
    const name = this.input.name + part;
    let field = this.input.form.elements.namedItem(name);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      this.input.after(field);
    }
    field.value = value;
  }

  offer() {
    return this.input.closest("tr")?.querySelector("[data-offer]");
  }

  async open(text) {
    this.asked = text;
    const found = await companies(this.source, text.trim()).catch(() => null);
    if (this.asked !== text || !found || document.activeElement !== this.input) return;
    const wanted = text.trim().toLowerCase();
    const fits = found.companies.filter(([, name]) => name.toLowerCase().includes(wanted));
    const offer = this.offer();
    const similar = offer && offer.dataset.offer;
    const at = fits.findIndex(([id]) => id === similar);
    const first = at > 0 ? fits.splice(at, 1) : [];
    const shown = first.concat(fits).slice(0, SHOWN);
    this.list.replaceChildren(...shown.map(([id, name], number) => this.option(id, name, number, id === similar)));
    const total = first.length + fits.length;
    if (total > SHOWN || total === 0) {
      const note = document.createElement("li");
      note.className = "note";
      note.textContent = total ? `${total - SHOWN} more: type a part of the name` : "No name holds this text";
      this.list.append(note);
    }
    this.list.hidden = false;
    this.list.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-expanded", "true");
    this.move(0);
  }

  option(id, name, number, isSimilar) {
    const option = document.createElement("li");
    option.id = `${this.list.id}.${number}`;
    option.setAttribute("role", "option");
    option.dataset.id = id;
    option.dataset.name = name;
    option.textContent = name;
    if (isSimilar) option.className = "similar";
    if (name === this.input.value.trim()) option.classList.add("chosen");
    return option;
  }

  // Marks the option `step` further on, round and round; with 0, none.
  move(step) {
    const options = [...this.list.querySelectorAll("[data-id]")];
    const from = this.at < 0 && step < 0 ? 0 : this.at;
    this.at = step && options.length ? (from + step + options.length) % options.length : -1;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.at)));
    const option = options[this.at];
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isOpen) this.move(event.key === "ArrowDown" ? 1 : -1);
      else this.open("");
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      const option = this.list.querySelectorAll("[data-id]")[this.at];
      if (option) this.choose(option.dataset.id, option.dataset.name);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.close();
    }
  }

  choose(id, name) {
    this.input.value = name;
    // The id counts as long as the text is the one that it stands for.
    this.set(".pick", id);
    this.set(".picked", name);
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  close() {
    this.asked = null;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

const boxes = new WeakMap();

// A suggestion beside a box is put into it, to be saved with the rest.
document.addEventListener("click", (event) => {
  const offer = event.target.closest("button[data-offer]");
  const input = offer?.closest("tr")?.querySelector("[data-company]");
  if (!input) return;
  event.preventDefault();
  boxes.get(input).choose(offer.dataset.offer, offer.dataset.name);
  input.focus();
});

// `data-guard`: what is not saved is counted, and not left behind without a question.
function isChanged(field) {
  if (field.disabled || field.type === "hidden") return false;
  if (field.dataset.company !== undefined) {
    const was = field.form.elements.namedItem(field.name + ".was");
    return Boolean(was) && field.value.trim() !== was.value.trim();
  }
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.type === "radio") return field.checked && !field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    const standard = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(standard, 0);
  }
  return field.value !== undefined && field.defaultValue !== undefined && field.value !== field.defaultValue;
}

function count(form) {
  const changed = [...form.elements].filter(isChanged);
  for (const row of form.querySelectorAll("tr.changed")) row.classList.remove("changed");
  for (const field of changed) field.closest("tr")?.classList.add("changed");
  for (const place of form.querySelectorAll(".unsaved")) {
    place.textContent = changed.length ? `${changed.length} unsaved ${changed.length === 1 ? "change" : "changes"}` : "";
  }
  return changed.length;
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.form;
    if (form && form.dataset.guard !== undefined) count(form);
  });
}

addEventListener("beforeunload", (event) => {
  const open = [...document.querySelectorAll("form[data-guard]")];
  if (open.some((form) => !settled.has(form) && count(form) > 0)) event.preventDefault();
});

// `data-tick-all`: ticks every box of its form whose name begins so, or none of them.
document.addEventListener("change", (event) => {
  const all = event.target.dataset.tickAll;
  if (!all) return;
  const boxes = [...event.target.form.elements].filter((box) => box.name.startsWith(all) && !box.disabled);
  for (const box of boxes) box.checked = event.target.checked;
  count(event.target.form);
});

function showTicked(root) {
  for (const all of root.querySelectorAll("[data-tick-all]")) {
    const boxes = [...all.form.elements].filter((box) => box.name.startsWith(all.dataset.tickAll));
    all.checked = all.defaultChecked = boxes.every((box) => box.checked);
  }
}

// `data-insert`: puts what a chip says into the text that it belongs to, at the cursor.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  const text = chip && document.getElementById(chip.dataset.insert);
  if (!text) return;
  text.setRangeText(chip.textContent, text.selectionStart, text.selectionEnd, "end");
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// `data-preview`: what would come of the form as it stands, a moment after it was last changed.
const PAUSE = 400;
const previews = new WeakMap();

async function preview(form) {
  const asked = (previews.get(form) || 0) + 1;
  previews.set(form, asked);
  await new Promise((wake) => setTimeout(wake, PAUSE));
  if (previews.get(form) !== asked) return;
  const body = encoded(form);
  body.set("do", "preview");
  const answer = await fetch(form.action || location.href, { method: "POST", body, credentials: "same-origin" });
  const text = await answer.text();
  if (previews.get(form) === asked && answer.ok) swap(text, form.dataset.preview);
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.dataset.preview) preview(form).catch(() => {});
});

// `data-poll`: what is under way, looked at again until it is not.
const LOOK_AGAIN = 1000;

async function poll(part) {
  await new Promise((wake) => setTimeout(wake, LOOK_AGAIN));
  if (!part.isConnected) return;
  const answer = await fetch(part.dataset.poll, { credentials: "same-origin" });
  if (!answer.ok || !swap(await answer.text(), "#" + part.id)) poll(part);
}

// `data-fill`: puts the text of a file into a field.
document.addEventListener("change", async (event) => {
  const [file, field] = [event.target.files?.[0], document.getElementById(event.target.dataset.fill)];
  if (file && field) field.value = await file.text();
});

// `data-lines`: line numbers beside a text, and a way to the line that a problem names.
function numberLines(text) {
  const [frame, numbers] = [document.createElement("div"), document.createElement("div")];
  frame.className = "numbered";
  numbers.className = "numbers";
  numbers.setAttribute("aria-hidden", "true");
  text.before(frame);
  frame.append(numbers, text);
  const show = () => {
    const count = text.value.split("\n").length;
    numbers.textContent = Array.from({ length: count }, (_, at) => at + 1).join("\n");
    numbers.style.height = text.clientHeight + "px";
    numbers.scrollTop = text.scrollTop;
  };
  text.addEventListener("input", show);
  text.addEventListener("scroll", show);
  new ResizeObserver(show).observe(text);
  show();
}

document.addEventListener("click", (event) => {
  const way = event.target.closest("[data-line]");
  const text = way && document.querySelector("[data-lines]");
  if (!text) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const before = lines.slice(0, way.dataset.line - 1).join("\n").length;
  const from = before + (way.dataset.line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(from, from + (lines[way.dataset.line - 1] || "").length);
});

// `data-live`: what is under way, told by the server as it goes on; in the end the part is shown
// anew.
function follow(part) {
  const source = new EventSource(part.dataset.live);
  const bar = part.querySelector("[data-progress]");
  source.addEventListener("changed", (event) => {
    if (!part.isConnected) return source.close();
    const counts = JSON.parse(event.data);
    for (const [name, count] of Object.entries(counts)) {
      for (const place of part.querySelectorAll(`[data-count="${name}"]`)) place.textContent = count;
    }
    if (!bar || (!counts.approved && !bar.hasAttribute("value"))) return;
    bar.max = Math.max(bar.hasAttribute("value") ? bar.max : 1, counts.approved);
    bar.value = bar.max - counts.approved;
  });
  source.addEventListener("ended", async () => {
    source.close();
    const answer = await fetch(location.href, { credentials: "same-origin" });
    swap(await answer.text(), "#" + part.id);
  });
}

// `data-copy`: puts the text of the field with that id on the clipboard, and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
  const said = button.parentElement.querySelector("[data-copied]");
  said.textContent = copied ? "Copied" : "Press Ctrl+C to copy";
});

// `data-ask`: a button whose effect cannot be taken back asks first, and sends `sure` with the
// form; without script the server asks, where it is worth a page.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (!button) return;
  if (!confirm(button.dataset.ask)) return event.preventDefault();
  const sure = document.createElement("input");
  [sure.type, sure.name, sure.value] = ["hidden", "sure", "yes"];
  button.form?.append(sure);
});

// `data-watch`: tells what a run has done so far, and shows the page anew when the last has ended.
function watchRuns(root) {
  const watched = [...root.querySelectorAll("[data-watch]")];
  let left = watched.length;
  for (const line of watched) {
    const events = new EventSource(line.dataset.watch);
    events.addEventListener("run", (event) => {
      const run = JSON.parse(event.data);
      line.querySelector("[data-told]").textContent = run.told;
      if (!run.ended) return;
      events.close();
      left -= 1;
      if (left === 0) location.replace(location.pathname);
    });
    addEventListener("pagehide", () => events.close(), { once: true });
  }
}

// `data-search`: a list of many to choose from is narrowed down by typing above it.
const FEW = 12;

function searchable(list) {
  const all = [...list.options];
  if (all.length <= FEW) return;
  const box = document.createElement("input");
  box.type = "search";
  box.className = "narrow";
  box.placeholder = "Search";
  box.setAttribute("aria-label", "Search what can be chosen");
  box.addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = box.value.trim().toLowerCase();
    const fits = all.filter((one) => one.selected || !wanted || one.text.toLowerCase().includes(wanted));
    const chosen = list.value;
    list.replaceChildren(...fits);
    list.value = chosen;
  });
  list.before(box);
}

function enhance(root) {
  for (const list of root.querySelectorAll("select[data-search]")) searchable(list);
  watchRuns(root);
  showMoments(root);
  showTicked(root);
  for (const input of root.querySelectorAll("input[data-company]:not([readonly])")) {
    boxes.set(input, new CompanyBox(input));
  }
  for (const text of root.querySelectorAll("textarea[data-lines]")) numberLines(text);
  const waits = root.dataset?.poll ? [root] : [...root.querySelectorAll("[data-poll]")];
  for (const part of waits) poll(part).catch(() => {});
  const live = root.dataset?.live ? [root] : root.querySelectorAll("[data-live]");
  for (const part of live) follow(part);
  if (root.dataset?.guard !== undefined) count(root);
}

enhance(document);
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
