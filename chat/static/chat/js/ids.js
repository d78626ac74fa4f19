// @ts-check
/** The ids under which something is sent, however often it has to be sent. */

const VERSION = 6;
const VARIANT = 8;

/**
 * A random UUID (RFC 9562, version 4). `crypto.randomUUID` is missing on phones of a few years ago,
 * and wherever a page came without HTTPS, as on the machine next door that somebody tries us on.
 * @returns {string}
 */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[VERSION] = (bytes[VERSION] & 0x0f) | 0x40;
  bytes[VARIANT] = (bytes[VARIANT] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
