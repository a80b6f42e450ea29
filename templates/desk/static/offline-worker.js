// Before these lines stand VERSION and FILES. Keeps the page and what it is made of on the phone; nothing else passes through here.
"use strict";
const PAGE = "/desk/offline";
const STORE = `tinbao-offline-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const store = await caches.open(STORE);
    await store.addAll(FILES);
    await keepPage(store, await fetch(PAGE, { credentials: "same-origin" }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (!name.startsWith("tinbao-offline-") || name === STORE) continue;
      const store = await caches.open(STORE);
      const old = await (await caches.open(name)).match(PAGE);
      if (old && !(await store.match(PAGE))) await store.put(PAGE, old); // signed out while a new version came: the old page serves
      await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

// A page that the server gave to somebody signed in; a way to the sign-in page is not kept in its place.
async function keepPage(store, answer) {
  if (answer.ok && !answer.redirected && (answer.headers.get("Content-Type") || "").startsWith("text/html")) await store.put(PAGE, answer.clone());
}

async function page(request) {
  const store = await caches.open(STORE);
  const kept = await store.match(PAGE);
  try {
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(4000) } : {});
    const leads = answer.type === "opaqueredirect" || answer.redirected || !answer.ok;
    if (leads && kept) return kept;
    if (!leads) await keepPage(store, answer);
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function file(request) {
  return (await (await caches.open(STORE)).match(request)) || fetch(request);
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname === PAGE && event.request.mode === "navigate") event.respondWith(page(event.request));
  else if (url.pathname.startsWith("/desk/static/")) event.respondWith(file(event.request));
});
