// What makes the desk quicker; without it everything works by forms and links.
"use strict";
(() => {
  const store = { get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
                  set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing */ } } };
  const letters = () => store.get("tinbao-letters") !== "off";
  const isTyping = (at) => at.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
  const keys = document.getElementById("keys");

  // Posts fields as a form of ours would; for scripts of the areas: await deskPost("/desk/…", {name: value}).
  window.deskPost = (path, fields = {}) => fetch(path, {
    method: "POST", headers: { "X-CSRF": document.body.dataset.csrf || "" }, body: new URLSearchParams(fields), redirect: "follow",
  });

  // Single letters act when no field has the focus: [data-key="h"] is pressed by H. A row list is [data-rows] with [data-row] links.
  const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
  const move = (by) => {
    const all = rows();
    if (!all.length) return false;
    const here = all.findIndex((each) => each === document.activeElement || each.getAttribute("aria-current") === "true");
    all[Math.min(all.length - 1, Math.max(0, here + by))].focus();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") { if (isTyping(event.target)) event.target.blur(); return; }
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key === "arrowdown" || key === "arrowup") { if (event.target.closest("[data-rows]") && move(key === "arrowdown" ? 1 : -1)) event.preventDefault(); return; }
    if (!letters()) return;
    if (key === "?" && keys) { keys.showModal(); event.preventDefault(); return; }
    if (key === "/") { const field = document.querySelector("[data-search]"); if (field) { field.focus(); field.select(); event.preventDefault(); } return; }
    if (key === "j" || key === "k") { if (move(key === "j" ? 1 : -1)) event.preventDefault(); return; }
    const goal = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key && !each.disabled && each.offsetParent !== null);
    if (goal) { event.preventDefault(); goal.click(); }
  });

  const opener = document.querySelector("[data-keys]");
  if (opener && keys) { opener.hidden = false; opener.addEventListener("click", () => keys.showModal()); }
  const box = document.querySelector("[data-letters]");
  if (box) { box.checked = letters(); box.addEventListener("change", () => store.set("tinbao-letters", box.checked ? "on" : "off")); }

  // "Hoàn tác" stands for eight seconds; who points at it or has the focus in it keeps it.
  const said = document.querySelector(".said");
  const time = said && said.querySelector(".said-time");
  if (said) {
    let left = time ? Number(time.dataset.seconds) : 6;
    const tick = setInterval(() => {
      if (said.matches(":hover, :focus-within")) return;
      left -= 1;
      if (time) time.textContent = `${left} giây`;
      if (left <= 0) { clearInterval(tick); said.remove(); }
    }, 1000);
  }

  // A form goes once: a second press while it is on its way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.me[open]").forEach((each) => { if (!each.contains(event.target)) each.open = false; });
  });
})();
