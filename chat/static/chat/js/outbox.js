// @ts-check
/**
 * The durable outbox. An id is made before the first try and stays the same on every retry, so a
 * message can never be doubled; after a final "no" a retry by hand is a new message with a new id.
 */

import { newId } from "./ids.js";

/** @typedef {import("./store.js").Unsent} Unsent */

const ANSWER_MS = 8_000; // No answer in this time: say it again, with the same id.
const AGAIN_MS = 4_000; // "Not now": a little later.
const NOT_YET = new Set(["not_resumed", "ticket_invalid", "signed_out"]);

export class Outbox {
  /**
   * @param {{
   *   store: any,
   *   transport: (item: Unsent) => void,
   *   changed: () => void,
   *   newId?: () => string,
   *   now?: () => number,
   * }} options `transport` hands one item to the line; its answer comes by `accepted`/`refused`
   */
  constructor({ store, transport, changed, newId: ids, now }) {
    this.store = store;
    this.transport = transport;
    this.changed = changed;
    this.newId = ids ?? newId;
    this.now = now ?? (() => Date.now());
    /** A phone's clock may be set back between two messages: what was said later stays later. */
    this.latest = 0;
    /** @type {Map<string, Unsent>} */
    this.items = new Map();
    /** @type {Map<string, any>} */
    this.timers = new Map();
    /** Done with on this page: the shelf may be asked before they have left it. @type {Set<string>} */
    this.gone = new Set();
    this.isStopped = false;
  }

  /** Take from the shelf what an earlier page left there. */
  async load() {
    this.put(await this.kept());
  }

  /** Another page may have left words there since, and be gone: then they go out from here. */
  async takeOver() {
    const left = (await this.kept()).filter(({ state }) => state === "sending");
    this.put(left);
    for (const item of left) this.hand(item);
  }

  /** @returns {Promise<Unsent[]>} what lies on the shelf and is not on this page, oldest first */
  async kept() {
    /** @type {Unsent[]} */
    let kept = [];
    await this.shelf(async () => {
      kept = await this.store.unsent();
    });
    const isNew = (/** @type {string} */ id) => !this.items.has(id) && !this.gone.has(id);
    return this.isStopped ? [] : kept.filter(({ client_id }) => isNew(client_id));
  }

  /** @param {Unsent[]} kept */
  put(kept) {
    for (const item of kept) {
      this.items.set(item.client_id, item);
      this.latest = Math.max(this.latest, item.at);
    }
    this.changed();
  }

  /**
   * A shelf that fails must not stand between words and the line: then they last as long as the page.
   * @param {() => Promise<any>} job
   * @returns {Promise<boolean>} whether it was done
   */
  async shelf(job) {
    try {
      await job();
      return true;
    } catch {
      return false;
    }
  }

  /** @param {number} conversation @returns {Unsent[]} oldest first */
  of(conversation) {
    return [...this.items.values()]
      .filter((item) => item.kind === "message" && item.conversation === conversation)
      .sort((a, b) => a.at - b.at);
  }

  /**
   * Put words on the shelf, then on the line. They are taken, and shown, before this returns;
   * the promise resolves once they are on the shelf, or the shelf refused them.
   * @param {Omit<Unsent, "client_id" | "at" | "state"> & { client_id?: string }} words
   * @returns {Promise<Unsent>}
   */
  async add(words) {
    const item = this.take(words);
    await this.shelf(() => this.store.put(item));
    if (this.items.has(item.client_id)) this.hand(item);
    return item;
  }

  /**
   * @param {Omit<Unsent, "client_id" | "at" | "state"> & { client_id?: string }} words
   * @returns {Unsent}
   */
  take(words) {
    /** @type {Unsent} */
    const item = {
      ...words,
      client_id: words.client_id ?? this.newId(),
      at: Math.max(this.now(), this.latest + 1),
      state: "sending",
    };
    this.latest = item.at;
    this.items.set(item.client_id, item);
    this.changed();
    return item;
  }

  /** The line is up: hand over whatever waits, oldest first. */
  flush() {
    for (const item of [...this.items.values()].sort((a, b) => a.at - b.at)) {
      if (item.state === "sending") this.hand(item);
    }
  }

  /** @param {Unsent} item */
  hand(item) {
    this.again(item.client_id, ANSWER_MS);
    this.transport(item);
  }

  /** @param {string} clientId @param {number} ms */
  again(clientId, ms) {
    clearTimeout(this.timers.get(clientId));
    const timer = setTimeout(() => {
      const item = this.items.get(clientId);
      if (item?.state === "sending") this.hand(item);
    }, ms);
    this.timers.set(clientId, timer);
  }

  /** It is in the database: nothing more to keep. @param {string} clientId */
  async accepted(clientId) {
    if (!this.items.has(clientId)) return;
    await this.discard(clientId);
  }

  /**
   * A "no" waits for the person; a "not now" tries again by itself.
   * @param {string} clientId
   * @param {{ code: string, text: string, permanent?: boolean }} error
   */
  async refused(clientId, error) {
    const item = this.items.get(clientId);
    if (!item) return;
    if (error.permanent === false || NOT_YET.has(error.code)) {
      this.again(clientId, AGAIN_MS);
      return;
    }
    clearTimeout(this.timers.get(clientId));
    item.state = "failed";
    item.error = error.text;
    item.code = error.code;
    this.changed();
    await this.shelf(() => this.store.put(item));
  }

  /**
   * The person taps "not sent": the same words as a new message. The old ones leave the shelf only
   * when the new ones lie there: a phone that dies in between has them twice, and never not at all.
   * @param {string} clientId
   */
  async retry(clientId) {
    const item = this.items.get(clientId);
    if (!item) return null;
    const { kind, conversation, body } = item;
    this.forget(clientId);
    const again = this.take({ kind, conversation, body });
    const isKept = await this.shelf(() => this.store.put(again));
    if (this.items.has(again.client_id)) this.hand(again);
    if (isKept) await this.shelf(() => this.store.drop(clientId));
    return again;
  }

  /** Somebody signs out: what is left is not said any more. */
  stop() {
    this.isStopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.items.clear();
    this.changed();
  }

  /** @param {string} clientId @returns {Promise<string>} the words, to go back to the composer */
  async discard(clientId) {
    const item = this.items.get(clientId);
    this.forget(clientId);
    this.changed();
    await this.shelf(() => this.store.drop(clientId));
    return item?.body ?? "";
  }

  /** Off the page and its timers; what lies on the shelf stays there. @param {string} clientId */
  forget(clientId) {
    clearTimeout(this.timers.get(clientId));
    this.timers.delete(clientId);
    this.items.delete(clientId);
    this.gone.add(clientId);
  }
}
