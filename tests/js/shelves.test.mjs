import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../chat/static/chat/js/outbox.js";
import { openStore } from "../../chat/static/chat/js/store.js";

const KEY = "a1".repeat(32);
const WORDS = { kind: "message", conversation: 7, body: "hello" };

/**
 * The browser's half of the shelves: each request answers first, and its transaction is through,
 * or is not, after that. A connection that the browser dropped says so at the next transaction.
 */
class Browser {
  rows = { outbox: new Map(), drafts: new Map() };
  connections = [];
  isFull = false;
  isGone = false;

  deleteDatabase() {}

  open() {
    const request = {};
    setImmediate(() => {
      if (this.isGone) return request.onerror();
      const connection = new Connection(this);
      this.connections.push(connection);
      request.result = connection;
      return request.onsuccess();
    });
    return request;
  }
}

class Connection {
  isOpen = true;

  constructor(browser) {
    this.browser = browser;
  }

  close() {
    this.isOpen = false;
  }

  /** As when the browser ran out of room for its own files, or cleared them. */
  drop() {
    this.isOpen = false;
    this.onclose?.();
  }

  transaction(shelf) {
    if (!this.isOpen) throw new Error("the database connection is closing");
    const transaction = {
      error: null,
      objectStore: () => ({
        getAllKeys: () => this.ask(transaction, shelf, (rows) => [...rows.keys()]),
        get: (key) => this.ask(transaction, shelf, (rows) => rows.get(key)),
        put: (value, key) => this.ask(transaction, shelf, (rows) => void rows.set(key, value), 1),
        delete: (key) => this.ask(transaction, shelf, (rows) => void rows.delete(key)),
        clear: () => this.ask(transaction, shelf, (rows) => rows.clear()),
      }),
    };
    return transaction;
  }

  ask(transaction, shelf, work, size = 0) {
    const { rows } = this.browser;
    const request = { transaction };
    setImmediate(() => {
      const changed = new Map(rows[shelf]);
      request.result = work(changed);
      request.onsuccess?.();
      setImmediate(() => {
        if (size && this.browser.isFull) {
          transaction.error = new DOMException("full", "QuotaExceededError");
          transaction.onabort?.();
        } else {
          rows[shelf] = changed;
          transaction.oncomplete?.();
        }
      });
    });
    return request;
  }
}

async function phone(t) {
  const browser = new Browser();
  globalThis.indexedDB = browser;
  const store = await openStore("1", KEY);
  const outbox = new Outbox({ store, transport: () => {}, changed: () => {} });
  t.after(() => outbox.stop());
  return { browser, store, outbox };
}

test("words count as kept when they are through, not when the browser took them", async (t) => {
  const { browser, store } = await phone(t);
  browser.isFull = true;
  await assert.rejects(store.put({ ...WORDS, client_id: "one", at: 1, state: "sending" }));
  browser.isFull = false;
  await store.put({ ...WORDS, client_id: "two", at: 2, state: "sending" });
  assert.deepEqual((await store.unsent()).map(({ client_id }) => client_id), ["two"]);
});

test("a retry on a full phone keeps the old words on the shelf", async (t) => {
  const { browser, store, outbox } = await phone(t);
  const item = await outbox.add(WORDS);
  await outbox.refused(item.client_id, { code: "posting_paused", text: "No.", permanent: true });
  browser.isFull = true;
  await outbox.retry(item.client_id);
  assert.deepEqual((await store.unsent()).map(({ client_id }) => client_id), [item.client_id]);
});

test("a shelf that the browser dropped is opened again for the next words", async (t) => {
  const { browser, store, outbox } = await phone(t);
  browser.connections[0].drop();
  const { client_id } = await outbox.add(WORDS);
  assert.deepEqual((await store.unsent()).map((item) => item.client_id), [client_id]);
  assert.equal(browser.connections.length, 2);
});

test("a shelf that was dropped without a word is opened again by whoever finds out", async (t) => {
  const { browser, store, outbox } = await phone(t);
  browser.connections[0].isOpen = false;
  const { client_id } = await outbox.add(WORDS);
  assert.deepEqual((await store.unsent()).map((item) => item.client_id), [client_id]);
});

test("a shelf that cannot be opened just now is tried again for the words after that", async (t) => {
  const { browser, store } = await phone(t);
  browser.isGone = true;
  browser.connections[0].drop();
  await assert.rejects(store.keepDraft("conversation:7", "half a thought"));
  browser.isGone = false;
  await store.keepDraft("conversation:7", "half a thought and more");
  assert.equal(await store.draft("conversation:7"), "half a thought and more");
});

test("a full phone does not open its shelf anew with every word", async (t) => {
  const { browser, store } = await phone(t);
  browser.isFull = true;
  await assert.rejects(store.keepDraft("conversation:7", "half"));
  await assert.rejects(store.keepDraft("conversation:7", "half a thought"));
  assert.equal(browser.connections.length, 1);
});
