import assert from "node:assert/strict";
import { mock, test } from "node:test";

import "./browser.mjs";
import { turn } from "./browser.mjs";

const { bringEarlier } = await import("../../chat/static/chat/js/earlier.js");
const feeds = await import("../../chat/static/chat/js/feed.js");

const ben = { id: 2, nickname: "Ben", role: "young_person" };

function view(id) {
  return { id, author: ben, body: `words ${id}`, at: "", state: "published", position: id };
}

function snapshot(...places) {
  return {
    type: "conversation.snapshot", conversation: 7, kind: "thread", state: "open",
    head: places.at(-1), people: [], messages: places.map(view), earlier: true,
  };
}

/** A conversation on the screen; `server` answers what it asks for. */
function screen(t, server) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const asked = [];
  globalThis.fetch = async (url, { signal }) => {
    asked.push(url);
    const gone = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    return Promise.race([server(asked.length), gone]);
  };
  const view = { feed: feeds.fromSnapshot(snapshot(50, 60)) };
  const ids = () => feeds.ordered(view.feed).map(({ id }) => id);
  return { view, asked, ids };
}

function page(places, earlier = false) {
  return { ok: true, json: async () => ({ messages: places.map(view), earlier }) };
}

test("a page of earlier messages goes in front, and says which are new on the screen", async (t) => {
  const { view, asked, ids } = screen(t, () => page([30, 40]));
  const brought = await bringEarlier(view);
  assert.deepEqual(brought.map(({ id }) => id), [30, 40]);
  assert.deepEqual(ids(), [30, 40, 50, 60]);
  assert.deepEqual(asked, ["/conversations/7/before/50"]);
});

test("a page that a snapshot overtook is asked for again, from where the screen begins now", async (t) => {
  let answer = () => {};
  const first = new Promise((done) => { answer = done; });
  const { view, asked, ids } = screen(t, (count) => (count === 1 ? first : page([880], true)));
  const bringing = bringEarlier(view);
  await turn();
  view.feed = feeds.apply(view.feed, snapshot(890, 900)).feed;
  answer(page([7, 30]));
  await bringing;
  assert.deepEqual(asked, ["/conversations/7/before/50", "/conversations/7/before/890"]);
  assert.deepEqual(ids(), [880, 890, 900]);
});

test("where nothing is before what is shown, nothing is asked for", async (t) => {
  const { view, asked } = screen(t, () => page([]));
  view.feed = { ...view.feed, earlier: false };
  assert.deepEqual(await bringEarlier(view), []);
  assert.deepEqual(asked, []);
});

test("a page that never comes is given up, so that it can be asked for again", async (t) => {
  const { view, ids } = screen(t, (count) => (count === 1 ? new Promise(() => {}) : page([40])));
  const bringing = bringEarlier(view);
  await turn();
  mock.timers.tick(15_000);
  assert.equal(await bringing, null);
  await bringEarlier(view);
  assert.deepEqual(ids(), [40, 50, 60]);
});

for (const [name, answer] of [
  ["a refusal", { ok: false, json: async () => ({}) }],
  ["an answer that is no page of ours", { ok: true, json: async () => JSON.parse("<html>") }],
]) {
  test(`${name} brings nothing and changes nothing`, async (t) => {
    const { view, ids } = screen(t, () => answer);
    assert.equal(await bringEarlier(view), null);
    assert.deepEqual(ids(), [50, 60]);
  });
}
