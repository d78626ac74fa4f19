import assert from "node:assert/strict";
import { test } from "node:test";

import { settle } from "./elements.mjs";
import { Seal } from "../../chat/static/chat/js/seal.js";
import { openStore, PhoneStore } from "../../chat/static/chat/js/store.js";

const ADAS = "a1".repeat(32);
const BENS = "b2".repeat(32);
const WORDS = {
  client_id: "one", kind: "message", conversation: 7, body: "nobody must read this", at: 1,
  state: "sending",
};

/** What lies on a phone, as somebody who takes it apart would find it. */
class Phone {
  shelves = { outbox: new Map(), drafts: new Map() };
  async keys(shelf) { return [...this.shelves[shelf].keys()]; }
  async get(shelf, key) { return this.shelves[shelf].get(key); }
  async put(shelf, key, value) { this.shelves[shelf].set(key, value); }
  async drop(shelf, key) { this.shelves[shelf].delete(key); }
  async clear(shelf) { this.shelves[shelf].clear(); }

  /** Everything on it, as bytes read as text. */
  found() {
    const rows = Object.values(this.shelves).flatMap((shelf) => [...shelf.values()]);
    return rows.map((row) => Buffer.from(row.sealed).toString("latin1")).join("\n");
  }
}

async function store(phone, key = ADAS, me = "1") {
  return new PhoneStore(phone, await Seal.of(key), me);
}

test("what lies on the phone cannot be read, and opens again for the same person", async () => {
  const phone = new Phone();
  await (await store(phone)).put(WORDS);
  await (await store(phone)).keepDraft("conversation:7", "half a thought");

  assert.doesNotMatch(phone.found(), /nobody|thought|conversation|sending/);
  const reloaded = await store(phone);
  assert.deepEqual(await reloaded.unsent(), [WORDS]);
  assert.equal(await reloaded.draft("conversation:7"), "half a thought");
});

test("with another key nothing opens, and what does not open goes", async () => {
  const phone = new Phone();
  await (await store(phone)).put(WORDS);
  assert.deepEqual(await (await store(phone, BENS)).unsent(), []);
  assert.deepEqual(await phone.keys("outbox"), []);
});

test("sealed words that were moved to another place do not open", async () => {
  const phone = new Phone();
  const mine = await store(phone);
  await mine.keepDraft("conversation:7", "for Cleo only");
  await phone.put("drafts", "new-thread:corner", await phone.get("drafts", "conversation:7"));
  assert.equal(await mine.draft("new-thread:corner"), "");
  assert.equal(await mine.draft("conversation:7"), "for Cleo only");
});

test("the same words are never sealed twice alike", async () => {
  const phone = new Phone();
  const mine = await store(phone);
  await mine.keepDraft("one", "help");
  await mine.keepDraft("two", "help");
  const [one, two] = [await phone.get("drafts", "one"), await phone.get("drafts", "two")];
  assert.notDeepEqual(Buffer.from(one.nonce), Buffer.from(two.nonce));
  assert.notDeepEqual(Buffer.from(one.sealed), Buffer.from(two.sealed));
});

test("a draft that was sent does not come back, however long sealing it took", async () => {
  const phone = new Phone();
  const mine = await store(phone);
  const close = mine.seal.close.bind(mine.seal);
  mine.seal.close = async (...what) => {
    await new Promise((done) => setTimeout(done, 20));
    return close(...what);
  };
  await Promise.all([mine.keepDraft("seven", "sent by now"), mine.keepDraft("seven", "")]);
  assert.equal(await mine.draft("seven"), "");
});

test("one shelf that refuses does not hold up what comes after it", async () => {
  const phone = new Phone();
  const mine = await store(phone);
  phone.put = async () => { throw new Error("full"); };
  await assert.rejects(mine.put(WORDS));
  delete phone.put;
  await mine.put(WORDS);
  assert.equal((await mine.unsent()).length, 1);
});

test("a phone that is full is known to keep nothing until those words lie there, or are let go", async () => {
  const phone = new Phone();
  const mine = await store(phone);
  const heard = [];
  mine.changed = () => heard.push(mine.lasts);
  phone.put = async () => { throw new Error("full"); };
  await assert.rejects(mine.put(WORDS));
  await assert.rejects(mine.keepDraft("seven", "half a thought"));
  delete phone.put;
  await mine.keepDraft("seven", "half a thought");
  assert.equal(mine.lasts, false, "the message is on the page alone");
  await mine.put(WORDS);
  assert.deepEqual(heard, [false, true]);
  phone.put = async () => { throw new Error("full"); };
  await assert.rejects(mine.put({ ...WORDS, client_id: "two" }));
  await mine.drop("two");
  assert.deepEqual(heard, [false, true, false, true]);
});

test("a shelf that hangs keeps nothing, and what came to it late after all is kept", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const phone = new Phone();
  const mine = await store(phone);
  let late = () => {};
  phone.put = () => new Promise((done) => { late = done; });
  const kept = assert.rejects(mine.put(WORDS));
  t.mock.timers.tick(1_500);
  await kept;
  assert.equal(mine.lasts, false);
  await settle();
  late();
  await settle();
  assert.equal(mine.lasts, true);
});

test("after signing out nothing is there, and nothing comes any more", async () => {
  const phone = new Phone();
  const mine = await store(phone);
  await mine.put(WORDS);
  await mine.keepDraft("seven", "words");
  const late = mine.put({ ...WORDS, client_id: "late" });
  await mine.wipe();
  await late;
  await mine.keepDraft("seven", "typed a moment later");
  assert.equal(phone.found(), "");
});

test("nothing is sealed with anything less than the whole key", async () => {
  for (const key of ["", "a1", "zz".repeat(32), `${ADAS}a1`]) await assert.rejects(Seal.of(key));
});

test("where nothing can be sealed, words are kept for as long as the page", async () => {
  const kept = await openStore("1", "");
  await kept.put(WORDS);
  assert.deepEqual(await kept.unsent(), [WORDS]);
  assert.deepEqual(await (await openStore("1", "")).unsent(), []);
});

test("the key itself cannot be read out of the page's memory", async () => {
  const { key } = await Seal.of(ADAS);
  assert.equal(key.extractable, false);
});
