import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { settle, slots } from "./elements.mjs";

const PLACE = "space:corner";
const HERE = "https://here/spaces/corner";
const { querySelector, all } = slots();
const field = new HTMLTextAreaElement();
const form = new HTMLFormElement();
const id = new HTMLInputElement();
const submit = mock.fn(() => sent.push(field.value));
Object.assign(form, { action: HERE, submit, querySelector, elements: { namedItem: () => id } });
Object.assign(field, { form, dataset: { draft: PLACE } });

globalThis.DOMParser = class {
  parseFromString(text) {
    return { querySelector: () => (text ? { textContent: text } : null) };
  }
};
globalThis.FormData = class {};
document.getElementById = (name) => (name === "words" ? WORDS : name === "snapshot" ? shown : null);
document.querySelectorAll = () => [field];
let shown = null;
const WORDS = { textContent: JSON.stringify({ live: { not_begun: "Only on this page." } }) };

const { live } = await import("../../chat/static/chat/js/live.js");
const { MemoryStore, PhoneStore } = await import("../../chat/static/chat/js/store.js");

let drafts;
let went;
let sent;
let pages = 0;

/** A phone's shelf; `put` is how it takes words. */
function shelf(put = async (name, key, value) => { drafts.set(key, value); }) {
  const open = { close: async (value) => value, open: async (value) => value };
  return new PhoneStore({
    keys: async () => [], get: async (name, key) => drafts.get(key), put,
    drop: async (name, key) => { drafts.delete(key); },
  }, open, "1");
}

/** The page of a space, with `typed` in its field before the scripts come. */
async function page(store, typed = "") {
  live.store = Promise.resolve(store);
  live.outbox = Promise.resolve({});
  field.value = typed;
  await import(`../../chat/static/chat/js/begun.js?page=${(pages += 1)}`);
  await settle();
}

async function begin(words) {
  field.value = words;
  field.heard.input();
  form.heard.submit({ preventDefault() {} });
  await settle();
}

beforeEach(() => {
  drafts = new Map();
  went = [];
  sent = [];
  submit.mock.resetCalls();
  all.begun = undefined;
  const session = new Map();
  globalThis.sessionStorage = {
    getItem: (key) => session.get(key) ?? null,
    setItem: (key, value) => session.set(key, value),
    removeItem: (key) => session.delete(key),
  };
  Object.assign(location, { pathname: "/spaces/corner", assign: (url) => went.push(url) });
  globalThis.fetch = async () => { throw new Error("no network"); };
});

/** The server's answer to a thread posted by the page itself. */
function answered(status, url, said = "") {
  globalThis.fetch = async () => ({ ok: status < 300, status, url, text: async () => said });
}

test("a draft of an earlier visit outlives words typed before the scripts came", async () => {
  drafts.set(PLACE, "what I began yesterday");
  await page(shelf(), "h");
  assert.equal(field.value, "what I began yesterday\nh");
  field.heard.input();
  await settle();
  assert.equal(drafts.get(PLACE), "what I began yesterday\nh");
});

test("words on the shelf go out as the form does", async () => {
  await page(shelf());
  await begin("It is the nights");
  assert.equal(submit.mock.callCount(), 1);
  assert.equal(drafts.get(PLACE), "It is the nights");
});

test("another page's draft neither goes out with these words nor is lost with them", async () => {
  await page(shelf());
  field.value = "It is the nights";
  field.heard.input();
  await settle();
  drafts.set(PLACE, "typed in another tab");
  form.heard.submit({ preventDefault() {} });
  await settle();
  assert.deepEqual(sent, ["It is the nights"]);
  assert.equal(drafts.get(PLACE), "typed in another tab\nIt is the nights");
});

for (const [left, kept] of [
  ["It is the nights\nand the days ", ""],
  ["typed in another tab\nIt is the nights\nand the days", "typed in another tab"],
  ["typed in another tab", "typed in another tab"],
]) {
  test(`a thread that is shown lets go of its own words alone: ${JSON.stringify(left)}`, async () => {
    drafts.set(PLACE, left);
    sessionStorage.setItem("lantern-posted", JSON.stringify({ place: PLACE, id: "one" }));
    const messages = [{ client_id: "one", body: "It is the nights\r\nand the days" }];
    shown = { textContent: JSON.stringify({ messages }) };
    document.querySelectorAll = () => [];
    await page(shelf());
    document.querySelectorAll = () => [field];
    shown = null;
    assert.equal(drafts.get(PLACE) ?? "", kept);
    assert.equal(sessionStorage.getItem("lantern-posted"), null);
  });
}

const full = async () => { throw new Error("full"); };

for (const [name, store] of [
  ["that refuses", () => shelf(full)],
  ["of one page only", () => new MemoryStore()],
]) {
  test(`a shelf ${name}: without signal a new thread's words stay, and the page says where`, async () => {
    await page(store());
    await begin("It is the nights");
    assert.equal(submit.mock.callCount(), 0);
    assert.equal(field.value, "It is the nights");
    assert.equal(all.begun.textContent, "Only on this page.");
    assert.equal(all.begun.hidden, false);
    answered(200, `${HERE}/12`);
    form.heard.submit({ preventDefault() {} });
    await settle();
    assert.deepEqual(went, [`${HERE}/12`]);
  });
}

test("a slow shelf holds nothing up, and nothing is given away before it has arrived", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  await page(shelf(() => new Promise(() => {})));
  await begin("It is the nights");
  mock.timers.tick(400);
  await settle();
  mock.timers.reset();
  assert.equal(submit.mock.callCount(), 0);
  assert.equal(all.begun.textContent, "Only on this page.");
});

test("a page that posts by itself says why a thread was not begun, and never leaves for another", async () => {
  await page(shelf(full));
  answered(422, HERE, "That's longer than we can take.");
  await begin("and then and then");
  assert.equal(all.begun.textContent, "That's longer than we can take.");
  answered(200, "https://here/come-back");
  form.heard.submit({ preventDefault() {} });
  await settle();
  assert.equal(all.begun.textContent, "Only on this page.");
  assert.deepEqual(went, []);
});
