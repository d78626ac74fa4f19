import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Outbox } from "../../chat/static/chat/js/outbox.js";
import { MemoryStore, PhoneStore } from "../../chat/static/chat/js/store.js";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

function phone(store = new MemoryStore(), now = null) {
  const handed = [];
  let made = 0;
  const outbox = new Outbox({
    store,
    transport: (item) => handed.push({ ...item }),
    changed: () => {},
    newId: () => `id-${(made += 1)}-${Math.random()}`,
    now: now ?? (() => made),
  });
  return { outbox, handed, store };
}

const WORDS = { kind: "message", conversation: 7, body: "hello" };

test("words are on the shelf before they are on the line", async () => {
  const { outbox, handed, store } = phone();
  const put = store.put.bind(store);
  store.put = async (item) => {
    assert.equal(handed.length, 0);
    await put(item);
  };
  const item = await outbox.add(WORDS);
  assert.equal(handed.length, 1);
  assert.equal((await store.unsent())[0].client_id, item.client_id);
});

test("after a reload the same words go out under the same id", async () => {
  const first = phone();
  const item = await first.outbox.add(WORDS);
  const second = phone(first.store);
  await second.outbox.load();
  second.outbox.flush();
  assert.equal(second.handed[0].client_id, item.client_id);
  assert.equal(second.handed[0].body, "hello");
});

test("an answer that does not come is asked for again, with the same id", async () => {
  const { outbox, handed } = phone();
  const item = await outbox.add(WORDS);
  mock.timers.tick(8_000);
  assert.deepEqual(handed.map((one) => one.client_id), [item.client_id, item.client_id]);
});

/** A phone whose shelf fails, as browsers do when they are full or their files are broken. */
class BrokenStore extends MemoryStore {
  async unsent() { throw new Error("no shelf"); }
  async put() { throw new Error("full"); }
  async drop() { throw new Error("no shelf"); }
}

test("words that the shelf refuses are shown, handed over and said again all the same", async () => {
  const { outbox, handed } = phone(new BrokenStore());
  await outbox.load();
  const item = await outbox.add(WORDS);
  assert.equal(outbox.of(7)[0].body, "hello");
  assert.equal(handed.length, 1);
  mock.timers.tick(8_000);
  assert.deepEqual(handed.map((one) => one.client_id), [item.client_id, item.client_id]);
  await outbox.refused(item.client_id, { code: "invalid", text: "No.", permanent: true });
  const again = await outbox.retry(item.client_id);
  assert.equal(handed.at(-1).client_id, again.client_id);
  await outbox.accepted(again.client_id);
  assert.deepEqual(outbox.of(7), []);
});

test("words are taken before anything is waited for", async () => {
  const { outbox } = phone();
  const kept = outbox.add(WORDS);
  assert.equal(outbox.of(7)[0].body, "hello");
  await kept;
});

test("words do not wait for a shelf that never answers", async () => {
  const never = () => new Promise(() => {});
  const open = { close: async (value) => value, open: async (value) => value };
  const store = new PhoneStore({ keys: never, put: never, drop: never }, open, "1");
  const { outbox, handed } = phone(store);
  const loading = outbox.load();
  mock.timers.tick(5_000);
  await loading;
  const adding = outbox.add(WORDS);
  assert.equal(handed.length, 0, "the shelf has its moment");
  mock.timers.tick(1_500);
  await adding;
  assert.deepEqual(handed.map((one) => one.body), ["hello"]);
});

test("a retry never leaves the shelf without the words", async () => {
  const { outbox, store } = phone();
  const item = await outbox.add(WORDS);
  await outbox.refused(item.client_id, { code: "invalid", text: "No.", permanent: true });
  const counts = [];
  for (const verb of ["put", "drop"]) {
    const real = store[verb].bind(store);
    store[verb] = async (what) => {
      await real(what);
      counts.push((await store.unsent()).length);
    };
  }
  await outbox.retry(item.client_id);
  assert.deepEqual(counts, [2, 1]);
});

test("a retry that the shelf refuses keeps the old words there", async () => {
  const { outbox, store } = phone();
  const item = await outbox.add(WORDS);
  await outbox.refused(item.client_id, { code: "invalid", text: "No.", permanent: true });
  store.put = async () => { throw new Error("full"); };
  await outbox.retry(item.client_id);
  assert.deepEqual((await store.unsent()).map((one) => one.client_id), [item.client_id]);
});

test("accepted words leave the shelf and are never handed over again", async () => {
  const { outbox, handed, store } = phone();
  const item = await outbox.add(WORDS);
  await outbox.accepted(item.client_id);
  mock.timers.tick(60_000);
  outbox.flush();
  assert.equal(handed.length, 1);
  assert.deepEqual(await store.unsent(), []);
});

test("a final no waits for the person, and says why", async () => {
  const { outbox, handed } = phone();
  const item = await outbox.add(WORDS);
  await outbox.refused(item.client_id, { code: "posting_paused", text: "Paused.", permanent: true });
  outbox.flush();
  assert.equal(handed.length, 1);
  assert.equal(outbox.of(7)[0].state, "failed");
  assert.equal(outbox.of(7)[0].error, "Paused.");
});

test("a retry by hand after a final no is a new message with a new id", async () => {
  const { outbox, handed } = phone();
  const item = await outbox.add(WORDS);
  await outbox.refused(item.client_id, { code: "invalid", text: "No.", permanent: true });
  const again = await outbox.retry(item.client_id);
  assert.notEqual(again.client_id, item.client_id);
  assert.equal(handed.at(-1).body, "hello");
  assert.equal(outbox.of(7).length, 1);
});

test("a not-now is tried again by itself with the same id", async () => {
  const { outbox, handed } = phone();
  const item = await outbox.add(WORDS);
  await outbox.refused(item.client_id, { code: "busy", text: "Busy.", permanent: false });
  mock.timers.tick(4_000);
  assert.equal(handed.length, 2);
  assert.equal(handed[1].client_id, item.client_id);
  assert.equal(outbox.of(7)[0].state, "sending");
});

test("what was written first goes out first", async () => {
  const { outbox, handed } = phone();
  await outbox.add({ ...WORDS, body: "one" });
  await outbox.add({ ...WORDS, body: "two" });
  handed.length = 0;
  outbox.flush();
  assert.deepEqual(handed.map((item) => item.body), ["one", "two"]);
});

test("words taken back return to the composer and leave the shelf", async () => {
  const { outbox, store } = phone();
  const item = await outbox.add(WORDS);
  assert.equal(await outbox.discard(item.client_id), "hello");
  assert.deepEqual(await store.unsent(), []);
});

test("after signing out nothing is handed over any more", async () => {
  const { outbox, handed } = phone();
  await outbox.add(WORDS);
  outbox.stop();
  mock.timers.tick(60_000);
  outbox.flush();
  assert.equal(handed.length, 1);
  assert.deepEqual(outbox.of(7), []);
});

test("words keep their order when the phone's clock is set back a day between them", async () => {
  const day = 86_400_000;
  const times = [10 * day, 9 * day, 9 * day + 1, 8 * day];
  const { outbox, handed, store } = phone(new MemoryStore(), () => times.shift());
  for (const body of ["one", "two", "three"]) await outbox.add({ ...WORDS, body });
  assert.deepEqual(outbox.of(7).map((item) => item.body), ["one", "two", "three"]);
  handed.length = 0;
  outbox.flush();
  assert.deepEqual(handed.map((item) => item.body), ["one", "two", "three"]);

  const later = phone(store, () => 7 * day);
  await later.outbox.load();
  await later.outbox.add({ ...WORDS, body: "four" });
  assert.deepEqual(later.outbox.of(7).map((item) => item.body), ["one", "two", "three", "four"]);
});

/** Another page of the same person, on the same shelf. */
async function twoPages() {
  const here = phone();
  return { here, there: phone(here.store) };
}

test("words of a page that is gone are shown and go out from one that was open already", async () => {
  const { here, there } = await twoPages();
  const { client_id } = await there.outbox.add(WORDS);
  await here.outbox.takeOver();
  assert.deepEqual(here.outbox.of(7).map((item) => item.body), ["hello"]);
  assert.deepEqual(here.handed.map((item) => item.client_id), [client_id]);
  await here.outbox.takeOver();
  assert.equal(here.handed.length, 1);
});

test("words that another page could not send wait there for the person", async () => {
  const { here, there } = await twoPages();
  const { client_id } = await there.outbox.add(WORDS);
  await there.outbox.refused(client_id, { code: "invalid", text: "No.", permanent: true });
  await here.outbox.takeOver();
  assert.deepEqual([here.outbox.of(7), here.handed], [[], []]);
});

test("words taken back while the shelf is looked at do not come again", async () => {
  const { outbox, handed, store } = phone();
  const { client_id } = await outbox.add(WORDS);
  const kept = await store.unsent();
  let answer = () => {};
  store.unsent = () => new Promise((done) => { answer = () => done(kept); });
  const looking = outbox.takeOver();
  await outbox.discard(client_id);
  answer();
  await looking;
  assert.equal(handed.length, 1);
  assert.deepEqual(outbox.of(7), []);
});

test("after signing out nothing is taken from the shelf any more", async () => {
  const { here, there } = await twoPages();
  await there.outbox.add(WORDS);
  here.outbox.stop();
  await here.outbox.takeOver();
  assert.deepEqual(here.handed, []);
});
