import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Element, settle } from "./elements.mjs";

const line = new Element();
line.append = () => {}; // What can be done about it stands behind the words.
Object.assign(document, {
  querySelector: (query) => (query === "[data-connection]" ? line : null),
  createElement: () => new Element(),
});

const { live } = await import("../../chat/static/chat/js/live.js");
const { PhoneStore } = await import("../../chat/static/chat/js/store.js");
const { words } = await import("../../chat/static/chat/js/page.js");
words.live = {
  lost: "lost", offline: "offline", slow: "slow", unanswered: "unanswered",
  signed_out: "reload", signed_out_page: "copy, then", reload: "Reload",
  lost_page: "lost, stay", offline_page: "offline, stay", unanswered_page: "unanswered, stay",
};
await import("../../chat/static/chat/js/connection.js");
const shelf = await live.store;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  shelf.lasts = true;
  live.https.heard(false);
});

afterEach(() => mock.timers.reset());

function becomes(state) {
  live.state = state;
  live.emit("state", state);
  mock.timers.tick(2_500);
  return line.textContent;
}

test("that words get through is said once some did, and no longer than that", () => {
  assert.equal(becomes("slow"), "unanswered");
  live.https.heard(true);
  assert.equal(line.textContent, "slow");
  live.https.heard(false);
  assert.equal(line.textContent, "unanswered");
});

test("what came back by HTTPS says nothing of a page whose line is up", () => {
  becomes("ready");
  live.https.heard(true);
  assert.equal(line.hidden, true);
});

test("where nothing outlives the page, it is to be kept open", () => {
  shelf.lasts = false;
  assert.equal(becomes("lost"), "lost, stay");
  assert.equal(becomes("offline"), "offline, stay");
  assert.equal(becomes("slow"), "unanswered, stay");
  shelf.lasts = true;
  assert.equal(becomes("lost"), "lost");
  assert.equal(becomes("offline"), "offline");
});

let pages = 0;

/** A page whose phone opens its shelves, and is full. */
async function anotherPage() {
  const phone = { isFull: true, put: async () => { if (phone.isFull) throw new Error("full"); } };
  const store = new PhoneStore(phone, { close: async (value) => value }, "1");
  live.listeners.clear();
  live.store = Promise.resolve(store);
  await import(`../../chat/static/chat/js/connection.js?page=${(pages += 1)}`);
  await settle();
  return { store, phone };
}

test("a phone that turns out to be full, and has room again, is spoken of at once", async () => {
  const { store, phone } = await anotherPage();
  assert.equal(becomes("offline"), "offline");
  await assert.rejects(store.put({ client_id: "one" }));
  assert.equal(line.textContent, "offline, stay");
  assert.equal(becomes("signed_out"), "copy, then");
  phone.isFull = false;
  await store.put({ client_id: "one" });
  assert.equal(line.textContent, "reload");
});

test("a loss that nobody needs to know of yet is not told because the phone is full", async () => {
  const { store } = await anotherPage();
  becomes("ready");
  live.emit("state", "lost");
  await assert.rejects(store.put({ client_id: "one" }));
  assert.equal(line.hidden, true);
  mock.timers.tick(2_500);
  assert.equal(line.textContent, "lost, stay");
});
