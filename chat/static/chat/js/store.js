// @ts-check
/** What this phone keeps until it has gone out: unsent words and drafts. One shelf per person. */

/**
 * @typedef {{
 *   client_id: string, kind: "message" | "help", conversation: number, body: string, at: number,
 *   state: "sending" | "failed", error?: string, about_message?: number,
 * }} Unsent
 */

/** @param {IDBRequest<any>} request */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Survives reload and crash. */
class PhoneStore {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
  }

  /** @param {string} shelf @param {IDBTransactionMode} mode */
  shelf(shelf, mode) {
    return this.database.transaction(shelf, mode, { durability: "strict" }).objectStore(shelf);
  }

  /** @returns {Promise<Unsent[]>} oldest first */
  async unsent() {
    /** @type {Unsent[]} */
    const all = await answered(this.shelf("outbox", "readonly").getAll());
    return all.sort((a, b) => a.at - b.at);
  }

  /** @param {Unsent} item */
  async put(item) {
    await answered(this.shelf("outbox", "readwrite").put(item));
  }

  /** @param {string} clientId */
  async drop(clientId) {
    await answered(this.shelf("outbox", "readwrite").delete(clientId));
  }

  /** @param {string} place @returns {Promise<string>} */
  async draft(place) {
    return (await answered(this.shelf("drafts", "readonly").get(place))) ?? "";
  }

  /** @param {string} place @param {string} words */
  async keepDraft(place, words) {
    const shelf = this.shelf("drafts", "readwrite");
    await answered(words ? shelf.put(words, place) : shelf.delete(place));
  }
}

/** Where the browser gives us no shelf (some private windows): lasts as long as the page. */
export class MemoryStore {
  constructor() {
    /** @type {Map<string, Unsent>} */
    this.items = new Map();
    /** @type {Map<string, string>} */
    this.drafts = new Map();
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
}

/**
 * The shelf of one person. Another account on the same phone never sees it.
 * @param {string} me
 * @returns {Promise<PhoneStore | MemoryStore>}
 */
export async function openStore(me) {
  try {
    const opening = indexedDB.open(`lantern-${me}`, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("outbox", { keyPath: "client_id" });
      opening.result.createObjectStore("drafts");
    };
    return new PhoneStore(await answered(opening));
  } catch {
    return new MemoryStore();
  }
}
