import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Element, settle } from "./elements.mjs";

const heard = {};
let boxes = [];
let textareas = [];
const sheet = new Element();
const parts = ["offline", "cut", "signed-out", "offline cut"].map((when) => {
  const part = new HTMLElement();
  part.dataset.when = when;
  return part;
});

Object.assign(sheet, {
  open: false, showModal() { this.open = true; }, querySelectorAll: () => parts,
});
Object.assign(document, {
  documentElement: { lang: "en" },
  addEventListener: (type, listener) => { heard[type] = listener; },
  querySelector: (query) => ({ "[data-offline-help]": sheet, "[data-standing]": boxes[0] })[query] ?? null,
  querySelectorAll: (query) => (query === "textarea" ? textareas : boxes),
});
globalThis.sessionStorage = { getItem: () => null, setItem() {} };
globalThis.FormData = class {
  constructor(form) { this.form = form; }
  get(name) { return this.form.elements.namedItem(name)?.value ?? null; }
};

const { live } = await import("../../chat/static/chat/js/live.js");
await import("../../chat/static/chat/js/help.js");

let outbox;
let reloads;

beforeEach(async () => {
  Object.assign(location, { reload: () => { reloads += 1; }, assign() {} });
  reloads = 0;
  boxes = [];
  textareas = [];
  sheet.open = false;
  navigator.onLine = true;
  outbox = await live.outbox;
  outbox.stop();
  await outbox.store.wipe();
  outbox.transport = () => {};
});

afterEach(() => {
  becomes("ready");
  mock.timers.reset();
  mock.restoreAll();
});

function becomes(state) {
  live.state = state;
  live.emit("state", state);
}

/** Help now, as the page brought it: a form with an id drawn once. */
function helpForm() {
  const id = new HTMLInputElement();
  id.value = "as the page was drawn";
  const form = new HTMLFormElement();
  const submit = mock.fn();
  Object.assign(form, {
    dataset: { help: "" }, submit,
    elements: { namedItem: (name) => (name === "client_id" ? id : null) },
  });
  return { form, id, submit };
}

async function press(form) {
  let isPrevented = false;
  heard.submit({ target: form, preventDefault: () => { isPrevented = true; } });
  await settle();
  return isPrevented;
}

const kept = () => [...outbox.items.values()];
const shown = () => parts.filter(({ hidden }) => !hidden).map(({ dataset }) => dataset.when);

for (const state of ["ready", "offline"]) {
  test(`${state}: every ask from the same open page has an id of its own`, async () => {
    live.state = state;
    navigator.onLine = state === "ready";
    const { form, id } = helpForm();
    const ids = new Set([id.value]);
    for (let times = 0; times < 2; times += 1) {
      await press(form);
      ids.add(id.value);
      for (const { client_id } of kept()) {
        assert.equal(client_id, id.value);
        await outbox.accepted(client_id);
      }
    }
    assert.equal(ids.size, 3);
  });
}

test("with a line the form goes, under the id of the ask that is kept", async () => {
  live.state = "ready";
  const { form, id, submit } = helpForm();
  await press(form);
  assert.equal(submit.mock.callCount(), 1);
  assert.deepEqual(kept().map(({ client_id }) => client_id), [id.value]);
  assert.equal(sheet.open, false);
});

for (const state of ["lost", "slow", "offline"]) {
  test(`${state}: an ask on a dead network is kept though the browser calls itself online`, async () => {
    live.state = state;
    const { form, submit } = helpForm();
    assert.equal(await press(form), true);
    assert.equal(submit.mock.callCount(), 0);
    assert.deepEqual((await outbox.store.unsent()).map(({ kind }) => kind), ["help"]);
    assert.equal(sheet.open, true);
    assert.deepEqual(shown(), [state === "offline" ? "offline" : "cut", "offline cut"]);
  });
}

test("an ask goes out though the shelf never answers", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  live.state = "ready";
  mock.method(outbox.store, "put", () => new Promise(() => {}));
  const { form, submit } = helpForm();
  await press(form);
  assert.equal(submit.mock.callCount(), 0);
  mock.timers.tick(400);
  await settle();
  assert.equal(submit.mock.callCount(), 1);
});

test("a page with words in it is not drawn anew when their place in line is gone", async () => {
  const box = new HTMLElement();
  box.dataset.standing = "strip";
  boxes = [box];
  textareas = [{ value: "I was just writing that" }];
  live.emit("person.changed", { help: null, talks: [] });
  assert.deepEqual([reloads, box.isGone], [0, true]);
  textareas = [{ value: "" }];
  live.emit("person.changed", { help: null, talks: [] });
  assert.equal(reloads, 1);
});

const COMES = async () => new Response("the page", { status: 200 });
const DEAD = async () => { throw new TypeError("no network"); };
const BROKEN = async () => new Response("sorry", { status: 502 });
const HANGS = (url, { signal }) => new Promise((_, fail) => {
  signal.addEventListener("abort", () => fail(signal.reason));
});

/** Somebody waits on a page whose socket is gone; `network` is what its questions meet. */
function waits(network) {
  Object.assign(location, { href: "https://here/help" });
  boxes = [new HTMLElement()];
  mock.timers.enable({ apis: ["setTimeout"] });
  const fetched = mock.method(globalThis, "fetch", network);
  becomes("slow");
  return fetched;
}

async function pass(ms) {
  mock.timers.tick(ms);
  await settle();
}

for (const [name, network] of Object.entries({ DEAD, BROKEN, HANGS })) {
  test(`${name}: a page where somebody waits stays, and is drawn anew once a page would come`, async () => {
    const fetched = waits(network);
    await pass(20_000);
    await pass(10_000);
    await pass(20_000);
    assert.deepEqual([reloads, fetched.mock.callCount()], [0, 2]);
    fetched.mock.mockImplementation(COMES);
    await pass(10_000);
    await pass(20_000);
    assert.equal(reloads, 1);
    assert.equal(fetched.mock.calls[0].arguments[0], location.href);
  });
}

test("what somebody writes while the page is asked for stays, and the page waits for them", async () => {
  const fetched = waits(async () => {
    textareas = [{ value: "I was just writing that" }];
    return COMES();
  });
  await pass(20_000);
  await pass(20_000);
  assert.deepEqual([reloads, fetched.mock.callCount()], [0, 1]);
  textareas = [];
  fetched.mock.mockImplementation(COMES);
  await pass(20_000);
  assert.equal(reloads, 1);
});

test("an open sheet with the numbers is not taken away", async () => {
  waits(COMES);
  sheet.open = true;
  await pass(20_000);
  assert.equal(reloads, 0);
  sheet.open = false;
  await pass(20_000);
  assert.equal(reloads, 1);
});

test("once a socket holds again nothing is drawn anew, also where it was just asked", async () => {
  const answers = [];
  waits(() => new Promise((done) => answers.push(done)));
  await pass(19_000);
  becomes("ready");
  await pass(20_000);
  assert.equal(answers.length, 0);
  becomes("slow");
  await pass(20_000);
  becomes("ready");
  answers[0](await COMES());
  await settle();
  await pass(60_000);
  assert.deepEqual([reloads, answers.length], [0, 1]);
});
