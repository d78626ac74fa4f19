import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { settle, slots } from "./elements.mjs";

const { live } = await import("../../chat/static/chat/js/live.js");
const { Composer } = await import("../../chat/static/chat/js/composer.js");
const { Outbox } = await import("../../chat/static/chat/js/outbox.js");
const { MemoryStore } = await import("../../chat/static/chat/js/store.js");

const HELD = { id: 3, body: "kept back", author: { id: 1 } };
const HERE = "conversation:7";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

/** A field that has `typed` in it before its scripts come, over a shelf. */
async function page(store = new MemoryStore(), typed = "") {
  const root = slots();
  const outbox = new Outbox({ store, transport() {}, changed: () => live.emit("outbox", null) });
  live.listeners.clear();
  live.store = Promise.resolve(store);
  live.outbox = outbox.load().then(() => outbox);
  root.querySelector('"input"').value = typed;
  const composer = new Composer(root, 7, { sent() {}, changed() {}, refused() {} });
  const type = async (words) => {
    composer.input.value = words;
    composer.input.heard.input();
    await settle();
  };
  await settle();
  return { composer, outbox, type, slots: root.all, field: composer.input };
}

/** Shelves that refuse what `verbs` name. */
function refusing(...verbs) {
  const store = new MemoryStore();
  for (const verb of verbs) {
    store[verb] = async () => { throw new Error("full"); };
  }
  return store;
}

/** The server's answer to a change, when it is let go. */
function answers() {
  let answer = () => {};
  globalThis.fetch = () => new Promise((done) => {
    answer = () => done({ ok: true, status: 200, json: async () => ({}) });
  });
  return () => answer();
}

test("words in the field stay readable when a talk closes, say why, and cannot be sent", async () => {
  const { composer, outbox, slots, field, type } = await page();
  await type("I never told you that");
  composer.allow(false);
  assert.equal(composer.form.hidden, false);
  assert.equal(slots.send.disabled, true);
  assert.equal(slots["no-more"].hidden, false);
  await composer.send();
  assert.equal(field.value, "I never told you that");
  assert.deepEqual(outbox.of(7), []);
});

test("an empty field goes when a talk closes", async () => {
  const { composer } = await page();
  composer.allow(false);
  assert.equal(composer.form.hidden, true);
});

test("a draft for a talk that closed meanwhile is shown when somebody looks again", async () => {
  const store = new MemoryStore();
  await store.keepDraft(HERE, "half a thought");
  const { composer, field } = await page(store);
  composer.allow(false);
  assert.deepEqual([composer.form.hidden, field.value], [false, "half a thought"]);
});
