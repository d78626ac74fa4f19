// @ts-check {% load static %}
/** Keeps one page for when there is no signal: the numbers. Never a page about a person. */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const SHELF = "lantern-offline-3";
const KEEP = [
  "{% url 'offline' %}",
  "{% static 'chat/css/tokens.css' %}",
  "{% static 'chat/css/base.css' %}",
  "{% static 'chat/css/components.css' %}",
  "{% static 'chat/css/forms.css' %}",
  "{% static 'chat/css/conversation.css' %}",
  "{% static 'chat/css/young.css' %}",
  "{% static 'chat/css/pages.css' %}",
  "{% static 'chat/css/help.css' %}",
  "{% static 'chat/js/leave.js' %}",
  "{% static 'chat/img/path.svg' %}",
  "{% static 'chat/img/favicon.svg' %}",
  "{% static 'chat/fonts/figtree-latin.woff2' %}",
];

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELF)
      .then((shelf) => shelf.addAll(KEEP))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n !== SHELF).map((n) => caches.delete(n))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => kept("{% url 'offline' %}")));
  } else if (event.request.method === "GET" && KEEP.includes(new URL(event.request.url).pathname)) {
    event.respondWith(fetch(event.request).catch(() => kept(event.request)));
  }
});

/** @param {RequestInfo} what @returns {Promise<Response>} */
async function kept(what) {
  return (await caches.match(what)) ?? Response.error();
}
