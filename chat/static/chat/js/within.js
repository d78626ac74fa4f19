// @ts-check
/** Asking by HTTPS, and not for ever: a network may take a request and never answer it. */

/**
 * `AbortSignal.timeout` would be shorter; phones of a few years ago do not know it.
 * @template T
 * @param {number} ms
 * @param {(signal: AbortSignal) => Promise<T>} ask reads its answer to the end: that may hang, too
 * @returns {Promise<T>} fails when it takes too long
 */
export async function within(ms, ask) {
  const given = new AbortController();
  const timer = setTimeout(() => given.abort(), ms);
  try {
    return await ask(given.signal);
  } finally {
    clearTimeout(timer);
  }
}
