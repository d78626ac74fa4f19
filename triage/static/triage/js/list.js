// @ts-check
/**
 * The list of who waits. While somebody reads or points at it, rows stay where they are: clocks go
 * on, whoever is gone fades, and newcomers wait behind a button that says how many they are.
 */

/** @typedef {{ take: (fresh: HTMLElement) => void, rows: () => HTMLElement[], current: () => HTMLElement | null, move: (step: number) => void }} List */

/** @param {ParentNode} root @returns {HTMLElement[]} */
function rowsOf(root) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-key]")]);
}

/** @param {HTMLElement | null} root @param {HTMLTemplateElement | null} pillTemplate @returns {List} */
export function keepList(root, pillTemplate) {
  const scroller = root?.parentElement ?? null;
  /** @type {HTMLElement | null} */
  let held = null;
  /** @type {HTMLElement | null} */
  let pill = null;

  /** Is a hand or an eye on the list? */
  function busy() {
    if (!root) return false;
    const pointed = matchMedia("(hover: hover)").matches && scroller?.matches(":hover");
    const scrolled = (scroller?.scrollTop ?? 0) > 4;
    return pointed || scrolled || root.contains(document.activeElement) || !!root.querySelector("details[open]");
  }

  /** @param {HTMLElement} fresh */
  function take(fresh) {
    if (!root || root.innerHTML === fresh.innerHTML) return;
    const here = rowsOf(root).map((row) => row.dataset.key);
    const there = rowsOf(fresh).map((row) => row.dataset.key);
    const sameOrder = here.every((key, index) => key === there[index]); // Newcomers only below.
    if (!here.length || sameOrder || !busy()) replace(fresh);
    else hold(fresh, here, there);
  }

  /** @param {HTMLElement} fresh */
  function replace(fresh) {
    if (!root) return;
    const open = new Set(rowsOf(root).filter((row) => row.querySelector("details[open]")).map((row) => row.dataset.key));
    const focus = focused();
    root.replaceChildren(...fresh.childNodes);
    for (const row of rowsOf(root)) {
      if (open.has(row.dataset.key)) row.querySelector("details")?.setAttribute("open", "");
      if (focus && row.dataset.key === focus.key) {
        /** @type {HTMLElement | null} */ (row.querySelector(focus.what))?.focus({ preventScroll: true });
      }
    }
    held = null;
    pill?.remove();
    pill = null;
  }

  /** The row and the thing in it that has the focus, so that it can have it again. */
  function focused() {
    const active = document.activeElement;
    const row = active instanceof HTMLElement ? active.closest("[data-key]") : null;
    if (!(row instanceof HTMLElement) || !root?.contains(row) || !active) return null;
    return { key: row.dataset.key, what: active.tagName.toLowerCase() };
  }

  /** @param {HTMLElement} fresh @param {(string | undefined)[]} here @param {(string | undefined)[]} there */
  function hold(fresh, here, there) {
    held = /** @type {HTMLElement} */ (fresh.cloneNode(true));
    const byKey = new Map(rowsOf(fresh).map((row) => [row.dataset.key, row]));
    for (const row of root ? rowsOf(root) : []) {
      const arrived = byKey.get(row.dataset.key);
      row.toggleAttribute("data-gone", !arrived);
      const clock = row.querySelector(".triage-clock");
      const newClock = arrived?.querySelector(".triage-clock");
      if (clock && newClock) {
        clock.className = newClock.className;
        clock.textContent = newClock.textContent;
      }
    }
    showPill(there.filter((key) => !here.includes(key)).length);
  }

  /** @param {number} count */
  function showPill(count) {
    if (!root || !pillTemplate) return;
    if (!pill) {
      pill = /** @type {HTMLElement} */ (document.importNode(pillTemplate.content, true).firstElementChild);
      pill.addEventListener("click", release);
      root.before(pill);
    }
    const many = pill.dataset.wordsMany ?? "";
    pill.textContent = count ? many.replace("{n}", String(count)) : pill.dataset.wordsOne ?? "";
  }

  function release() {
    if (scroller) scroller.scrollTop = 0;
    if (held) replace(held);
  }

  // The button belongs to the list: on the way to it nothing moves either.
  scroller?.addEventListener("pointerleave", () => {
    if (held && !busy()) release();
  });

  return {
    take,
    rows: () => (root ? rowsOf(root) : []),
    current: () => /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-key]") ?? null),
    move(step) {
      const rows = this.rows();
      const now = this.current();
      const next = now ? rows.indexOf(now) + step : 0;
      const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
      /** @type {HTMLElement | null} */ (row?.querySelector("a, button"))?.focus();
    },
  };
}
