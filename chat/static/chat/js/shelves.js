// @ts-check
/** The browser's own shelves: sealed values by key, kept once the browser says that they are. */

/**
 * @template T
 * @param {Promise<T>} done
 * @param {number} ms
 * @returns {Promise<T>} the same, or an error when it takes too long; what was asked for may still happen
 */
export function inTime(done, ms) {
  /** @type {any} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the shelf does not answer")), ms);
  });
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}

/**
 * A request that succeeded is not kept yet: a phone may turn out to be full when its transaction ends.
 * @param {IDBDatabase} database
 * @param {string} shelf
 * @param {IDBTransactionMode} mode
 * @param {(shelf: IDBObjectStore) => IDBRequest<any>} ask
 * @returns {Promise<any>}
 */
function through(database, shelf, mode, ask) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(shelf, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(shelf));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}

export class Shelves {
  /** @param {() => Promise<IDBDatabase>} open */
  constructor(open) {
    this.open = open;
    /** @type {Promise<IDBDatabase> | null} */
    this.opening = null;
  }

  /** A browser may drop a connection at any time, to make room or when it wakes: then another. */
  connection() {
    if (this.opening) return this.opening;
    const opening = this.open().then((database) => {
      database.onclose = () => this.forget(opening);
      return database;
    });
    opening.catch(() => this.forget(opening));
    this.opening = opening;
    return opening;
  }

  /** @param {Promise<IDBDatabase>} opening */
  forget(opening) {
    if (this.opening === opening) this.opening = null;
  }

  /** @param {string} shelf @param {IDBTransactionMode} mode @param {(shelf: IDBObjectStore) => IDBRequest<any>} ask */
  async ask(shelf, mode, ask) {
    const opening = this.connection();
    const database = await opening;
    try {
      return await through(database, shelf, mode, ask);
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError") throw error;
      this.forget(opening);
      database.close();
      return through(await this.connection(), shelf, mode, ask);
    }
  }

  /** @param {string} shelf @returns {Promise<string[]>} */
  keys(shelf) {
    return this.ask(shelf, "readonly", (kept) => kept.getAllKeys());
  }

  /** @param {string} shelf @param {string} key */
  get(shelf, key) {
    return this.ask(shelf, "readonly", (kept) => kept.get(key));
  }

  /** @param {string} shelf @param {string} key @param {any} value */
  put(shelf, key, value) {
    return this.ask(shelf, "readwrite", (kept) => kept.put(value, key));
  }

  /** @param {string} shelf @param {string} key */
  drop(shelf, key) {
    return this.ask(shelf, "readwrite", (kept) => kept.delete(key));
  }

  /** @param {string} shelf */
  clear(shelf) {
    return this.ask(shelf, "readwrite", (kept) => kept.clear());
  }
}

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
export function openDatabase(name) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("outbox");
      opening.result.createObjectStore("drafts");
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}
