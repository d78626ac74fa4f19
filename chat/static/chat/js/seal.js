// @ts-check
/**
 * Seals what a phone keeps. The key comes with every page of a living session and is written
 * nowhere: once the session has ended, what lies on the phone is noise to whoever holds it.
 */

/** @typedef {{ nonce: Uint8Array, sealed: ArrayBuffer }} Sealed */

const NONCE_BYTES = 12;

/** @param {string} hex @returns {Uint8Array<ArrayBuffer>} */
function bytes(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export class Seal {
  /** @param {CryptoKey} key */
  constructor(key) {
    this.key = key;
  }

  /**
   * @param {string} hex 32 bytes, as the page brought them
   * @returns {Promise<Seal>} rejects where there is no key, or the browser cannot seal
   */
  static async of(hex) {
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new Error("the page brought no key");
    const uses = /** @type {KeyUsage[]} */ (["encrypt", "decrypt"]);
    return new Seal(await crypto.subtle.importKey("raw", bytes(hex), "AES-GCM", false, uses));
  }

  /**
   * @param {unknown} value
   * @param {string} place where it will lie; moved elsewhere it does not open
   * @returns {Promise<Sealed>}
   */
  async close(value, place) {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const clear = new TextEncoder().encode(JSON.stringify(value));
    return { nonce, sealed: await crypto.subtle.encrypt(this.how(nonce, place), this.key, clear) };
  }

  /**
   * @param {any} kept
   * @param {string} place
   * @returns {Promise<any>} the value, or `null`: another key, moved, altered, or never sealed
   */
  async open(kept, place) {
    try {
      const clear = await crypto.subtle.decrypt(this.how(kept.nonce, place), this.key, kept.sealed);
      return JSON.parse(new TextDecoder().decode(clear));
    } catch {
      return null;
    }
  }

  /** @param {any} nonce @param {string} place */
  how(nonce, place) {
    return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(place) };
  }
}
