import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { settle, slots } from "./elements.mjs";

const { live } = await import("../../chat/static/chat/js/live.js");
const { Composer } = await import("../../chat/static/chat/js/composer.js");
const { Outbox } = await import("../../chat/static/chat/js/outbox.js");
const { words } = await import("../../chat/static/chat/js/page.js");
const { MemoryStore, PhoneStore } = await import("../../chat/static/chat/js/store.js");

const HELD = { id: 3, body: "kept back", author: { id: 1 } };
const HERE = "conversation:7";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

/** A field that has `typed` in it before its scripts come, over a shelf. */
async function page(store = new MemoryStore(), typed = "", revision = 1) {
  const root = slots();
  const outbox = new Outbox({ store, transport() {}, changed: () => live.emit("outbox", null) });
  live.listeners.clear();
  live.store = Promise.resolve(store);
  live.outbox = outbox.load().then(() => outbox);
  root.querySelector('"input"').value = typed;
  const composer = new Composer(root, 7, {
    sent() {}, changed() {}, refused() {}, revision: () => revision,
  });
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

test("words that come back end a change of others, and mix with neither", async () => {
  const { composer, field, type } = await page();
  await type("a thought for later");
  composer.change(HELD);
  assert.equal(await composer.giveBack("words that were not sent"), true);
  assert.equal(composer.changing, null);
  assert.equal(field.value, "a thought for later\nwords that were not sent");
  const store = await live.store;
  assert.equal(await store.draft(HERE), "a thought for later\nwords that were not sent");
});

test("whoever gives words back hears that the shelf did not take them", async () => {
  const { composer, field } = await page(refusing("keepDraft"));
  assert.equal(await composer.giveBack("words that were not sent"), false);
  assert.equal(field.value, "words that were not sent");
});

test("an earlier draft outlives words typed before the scripts came", async () => {
  const store = new MemoryStore();
  await store.keepDraft(HERE, "the long draft of yesterday");
  const { field, type } = await page(store, "h");
  assert.equal(field.value, "the long draft of yesterday\nh");
  await type(`${field.value}i`);
  assert.equal(await store.draft(HERE), "the long draft of yesterday\nhi");
});

test("a draft that the browser itself put back is there once", async () => {
  const store = new MemoryStore();
  await store.keepDraft(HERE, "half a thought");
  const { field } = await page(store, "half a thought");
  assert.equal(field.value, "half a thought");
});

/** A shelf whose first look takes until `go`. */
function coldShelf(draft) {
  const kept = { outbox: new Map(), drafts: new Map([[HERE, draft]]) };
  let go = () => {};
  const first = new Promise((done) => { go = done; });
  const open = { close: async (value) => value, open: async (value) => value };
  const store = new PhoneStore({
    keys: async (shelf) => { await first; return [...kept[shelf].keys()]; },
    get: async (shelf, key) => kept[shelf].get(key),
    put: async (shelf, key, value) => { kept[shelf].set(key, value); },
    drop: async (shelf, key) => { kept[shelf].delete(key); },
  }, open, "1");
  return { store, kept, go };
}

test("an earlier draft on a slow shelf comes back, and nothing is written over it before", async () => {
  const { store, kept, go } = coldShelf("the long draft of yesterday");
  const { type, field } = await page(store);
  await type("hi");
  mock.timers.tick(2_000);
  await settle();
  assert.equal(kept.drafts.get(HERE), "the long draft of yesterday");
  go();
  await settle();
  assert.equal(field.value, "the long draft of yesterday\nhi");
  assert.equal(kept.drafts.get(HERE), "the long draft of yesterday\nhi");
});

test("words that the outbox's shelf refuses stay a draft until they are through", async () => {
  const { composer, outbox, type, field } = await page(refusing("put"));
  const store = await live.store;
  await type("alone in here");
  await composer.send();
  assert.equal(field.value, "");
  await type("and something else");
  assert.equal(await store.draft(HERE), "alone in here\nand something else");
  const [{ client_id }] = outbox.of(7);
  await outbox.accepted(client_id);
  await settle();
  assert.equal(await store.draft(HERE), "and something else");
});

test("words on the outbox's shelf are no draft any more", async () => {
  const { composer, type } = await page();
  await type("hello");
  await composer.send();
  const store = await live.store;
  assert.equal(await store.draft(HERE), "");
  assert.deepEqual((await store.unsent()).map(({ body }) => body), ["hello"]);
});

test("what stood in the field comes back after a change, though no shelf keeps it", async () => {
  const { composer, type, field } = await page(refusing("keepDraft"));
  await type("a long thought");
  composer.change(HELD);
  composer.change({ ...HELD, id: 4 });
  composer.stopChanging();
  assert.equal(field.value, "a long thought");
});

test("words typed while a change is on its way stay, and belong to that change", async () => {
  const letGo = answers();
  const { composer, field } = await page();
  composer.change(HELD);
  field.value = "changed";
  const sending = composer.send();
  field.value = "changed, and one more thing";
  letGo();
  await sending;
  assert.equal(field.value, "changed, and one more thing");
  assert.equal(composer.changing, HELD);
});

test("a change that went leaves the field as it was before", async () => {
  const letGo = answers();
  const { composer, field, type } = await page();
  await type("a thought for later");
  composer.change(HELD);
  field.value = "changed";
  const sending = composer.send();
  letGo();
  await sending;
  assert.deepEqual([composer.changing, field.value], [null, "a thought for later"]);
});

test("a change says what it changes, and one that hangs is given up with its words kept", async () => {
  words.live.not_through = "that did not get through";
  const bodies = [];
  globalThis.fetch = (url, { body, signal }) => new Promise((_, fail) => {
    bodies.push(JSON.parse(body));
    signal.addEventListener("abort", () => fail(signal.reason));
  });
  const { composer, field, slots } = await page(new MemoryStore(), "", 3);
  composer.change(HELD);
  field.value = "changed";
  const sending = composer.send();
  await settle();
  mock.timers.tick(20_000);
  await sending;
  assert.deepEqual(bodies, [{ body: "changed", revision: 3 }]);
  assert.deepEqual([composer.changing, field.value], [HELD, "changed"]);
  assert.equal(slots["changing-words"].textContent, words.live.not_through);
});

test("what another page wrote in the same place is shown here, and not written over", async () => {
  const store = new MemoryStore();
  const { type, field } = await page(store);
  await type("from here");
  await store.keepDraft(HERE, "from there");
  await type("from here, too");
  assert.equal(field.value, "from there\nfrom here, too");
  assert.equal(await store.draft(HERE), "from there\nfrom here, too");
});

test("words that were sent take no other page's draft with them", async () => {
  const store = new MemoryStore();
  const { composer, outbox, type, field } = await page(store);
  await type("hello");
  await store.keepDraft(HERE, "hello, and a long thought");
  await composer.send();
  assert.deepEqual(outbox.of(7).map(({ body }) => body), ["hello"]);
  assert.equal(await store.draft(HERE), "hello, and a long thought");
  assert.equal(field.value, "hello, and a long thought");
});

test("two pages that are written in by turns do not double each other's words", async () => {
  const store = new MemoryStore();
  const here = await page(store);
  const there = await page(store);
  for (let turn = 0; turn < 8; turn += 1) {
    await here.type(`${here.field.value}h`);
    await there.type(`${there.field.value}t`);
  }
  assert.ok((await store.draft(HERE)).split("\n").length <= 16, "a line a turn, at most");
});

test("a write that came late is known for our own, though words were taken out since", async () => {
  const kept = new MemoryStore();
  const put = kept.keepDraft.bind(kept);
  const { type, field } = await page(kept);
  kept.keepDraft = async (...what) => { await put(...what); throw new Error("late"); };
  await type("a long thought");
  kept.keepDraft = put;
  await type("a thought");
  assert.equal(field.value, "a thought");
  assert.equal(await kept.draft(HERE), "a thought");
});
