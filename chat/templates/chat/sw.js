{% load static %}// Keeps one page for when there is no signal: the numbers. Never a page about a person.
const SHELF = "lantern-offline-2";
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

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELF)
      .then((shelf) => shelf.addAll(KEEP))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n !== SHELF).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match("{% url 'offline' %}")));
  } else if (event.request.method === "GET" && KEEP.includes(new URL(event.request.url).pathname)) {
    event.respondWith(fetch(event.request).catch(() => caches.match(event.request)));
  }
});
