// @ts-check
/** What this phone keeps until it has gone out: unsent words and drafts. One shelf per person. */

import { Seal } from "./seal.js";
import { inTime, openDatabase, Shelves } from "./shelves.js";

/**
 * @typedef {{
 *   client_id: string, kind: "message" | "help", conversation: number, body: string, at: number,
 *   state: "sending" | "failed", error?: string, code?: string, about_message?: number,
 * }} Unsent
 */

// A browser's shelf that hangs must keep nothing from the line or the page.
const SHELF_MS = 1_500;
const OPEN_MS = 5_000; // What an earlier page left there is worth a longer wait.

/** Survives reload and crash, sealed. */
export class PhoneStore {
  /**
   * @param {any} shelves
   * @param {import("./seal.js").Seal} seal
   * @param {string} me
   */
  constructor(shelves, seal, me) {
    this.shelves = shelves;
    this.seal = seal;
    this.me = me;
    /** Sealing takes a moment: what is kept and what is dropped stand in one line. @type {Promise<any>} */
    this.line = Promise.resolve();
    this.isWiped = false;
    /** Places whose words the shelf did not take: they are on the page alone. @type {Set<string>} */
    this.missing = new Set();
    /** Told when `lasts` changes. */
    this.changed = () => {};
  }

  /** A full phone opens its shelves and puts nothing on them. */
  get lasts() {
    return this.missing.size === 0;
  }

  /** @param {string} place @param {boolean} isMissing */
  miss(place, isMissing) {
    const lasted = this.lasts;
    if (isMissing) this.missing.add(place);
    else this.missing.delete(place);
    if (this.lasts !== lasted) this.changed();
  }

  /**
   * @template T
   * @param {() => Promise<T>} job
   * @param {number} [ms]
   * @returns {Promise<T>} after everything asked for before; fails where the shelf does not answer
   */
  inTurn(job, ms = SHELF_MS) {
    const done = this.line.then(job);
    this.line = done.catch(() => null);
    return inTime(done, ms);
  }

  /** @param {string} shelf @param {string} key @param {unknown} value */
  async keep(shelf, key, value) {
    const place = this.place(shelf, key);
    try {
      await this.inTurn(async () => {
        const sealed = await this.seal.close(value, place);
        if (!this.isWiped) await this.shelves.put(shelf, key, sealed);
        this.miss(place, false); // Also where it came too late for whoever waited.
      });
    } catch (error) {
      this.miss(place, true);
      throw error;
    }
  }

  /** Words that are let go are missing nowhere. @param {string} shelf @param {string} key */
  letGo(shelf, key) {
    return this.inTurn(() => {
      this.miss(this.place(shelf, key), false);
      return this.shelves.drop(shelf, key);
    });
  }

  /** What does not open is of no use to anybody: it goes. @param {string} shelf @param {string} key */
  async open(shelf, key) {
    const kept = await this.shelves.get(shelf, key);
    if (kept === undefined) return null;
    const value = await this.seal.open(kept, this.place(shelf, key));
    if (value === null) await this.shelves.drop(shelf, key);
    return value;
  }

  /** @param {string} shelf @param {string} key */
  place(shelf, key) {
    return `${this.me}:${shelf}:${key}`;
  }

  /** @returns {Promise<Unsent[]>} oldest first */
  unsent() {
    return this.inTurn(async () => {
      /** @type {string[]} */
      const keys = await this.shelves.keys("outbox");
      const all = await Promise.all(keys.map((key) => this.open("outbox", key)));
      return all.filter((item) => item !== null).sort((a, b) => a.at - b.at);
    }, OPEN_MS);
  }

  /** @param {Unsent} item */
  async put(item) {
    await this.keep("outbox", item.client_id, item);
  }

  /** @param {string} clientId */
  async drop(clientId) {
    await this.letGo("outbox", clientId);
  }

  /** @param {string} place @returns {Promise<string>} */
  async draft(place) {
    return (await this.inTurn(() => this.open("drafts", place))) ?? "";
  }

  /** @param {string} place @param {string} words */
  async keepDraft(place, words) {
    if (words) await this.keep("drafts", place, words);
    else await this.letGo("drafts", place);
  }

  /** Signing out: nothing stays on the phone, and nothing comes to it any more. */
  async wipe() {
    this.isWiped = true;
    await this.inTurn(async () => {
      await this.shelves.clear("outbox");
      await this.shelves.clear("drafts");
    });
  }
}

/** Where the browser gives us no shelf (some private windows): lasts as long as the page. */
export class MemoryStore {
  constructor() {
    /** @type {Map<string, Unsent>} */
    this.items = new Map();
    /** @type {Map<string, string>} */
    this.drafts = new Map();
    this.lasts = false;
  }

  /** @returns {Promise<Unsent[]>} */
  async unsent() {
    return [...this.items.values()].sort((a, b) => a.at - b.at).map((item) => ({ ...item }));
  }

  /** @param {Unsent} item */
  async put(item) {
    this.items.set(item.client_id, { ...item });
  }

  /** @param {string} clientId */
  async drop(clientId) {
    this.items.delete(clientId);
  }

  /** @param {string} place */
  async draft(place) {
    return this.drafts.get(place) ?? "";
  }

  /** @param {string} place @param {string} words */
  async keepDraft(place, words) {
    if (words) this.drafts.set(place, words);
    else this.drafts.delete(place);
  }

  async wipe() {
    this.items.clear();
    this.drafts.clear();
  }
}

/**
 * The shelf of one person, sealed: another account on the same phone neither sees it nor opens it.
 * Words in the clear never lie on a phone: where nothing can be sealed they last as long as the page.
 * @param {string} me
 * @param {string} key as the page brought it
 * @returns {Promise<PhoneStore | MemoryStore>}
 */
export async function openStore(me, key) {
  try {
    const seal = await Seal.of(key);
    indexedDB.deleteDatabase(`lantern-${me}`); // Its first form held words in the clear.
    const shelves = new Shelves(() => inTime(openDatabase(`lantern-sealed-${me}`), OPEN_MS));
    await shelves.connection();
    return new PhoneStore(shelves, seal, me);
  } catch {
    return new MemoryStore();
  }
}
