// Quicker typing of tips, the map's sizes in place, the text as it goes out. Without it all of it works by forms and links.
"use strict";
(() => {
  const later = (act, ms) => { let timer = 0; return () => { clearTimeout(timer); timer = setTimeout(act, ms); }; };

  // The likes of what is being typed.
  const entry = document.querySelector("[data-entry]");
  const alike = document.querySelector("[data-alike]");
  const words = document.querySelector("[data-words]");
  if (entry && alike && words) {
    let asked = 0;
    const look = later(async () => {
      if (words.value.trim().length < 20) return;
      const mine = ++asked;
      try {
        const answer = await window.deskPost(alike.dataset.url, { words: words.value });
        if (answer.ok && mine === asked) alike.innerHTML = await answer.text(); // our own page's piece, escaped on the server
      } catch { /* no network: typing goes on */ }
    }, 700);
    words.addEventListener("input", look);
    const button = entry.querySelector("[data-look]");
    if (button) button.hidden = true;
    entry.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); entry.requestSubmit(); } });
  }

  const print = document.querySelector("[data-print]");
  if (print) { print.hidden = false; print.addEventListener("click", () => window.print()); }

  // The map's sizes, without leaving the page.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-zoom]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const answer = await fetch(`${link.href}&manh=1`);
    const map = link.closest("[data-map]");
    if (!answer.ok || !map) { location.href = link.href; return; }
    const at = [...map.querySelectorAll("[data-zoom]")].indexOf(link);
    const holder = document.createElement("div");
    holder.innerHTML = await answer.text();
    const fresh = holder.querySelector("[data-map]");
    map.replaceWith(fresh);
    const again = fresh.querySelectorAll("[data-zoom]")[at];
    if (again) again.focus();
  });

  // A question, measured while it is written.
  const asking = document.querySelector("[data-asking]");
  if (asking) {
    const text = asking.querySelector("textarea"), shown = asking.querySelector("[data-measure]"), sms = asking.querySelector("[data-sms]");
    const measure = later(async () => {
      if (!text.value.trim()) { sms.hidden = true; return; }
      try {
        const answer = await window.deskPost("/desk/ask/measure", { code: asking.dataset.code, words: text.value });
        if (!answer.ok) return;
        const found = await answer.json();
        shown.textContent = found.fault || `${found.characters} ký tự · ${found.segments} đoạn`;
        sms.textContent = found.text; sms.hidden = !found.text;
      } catch { /* measured again on sending */ }
    }, 250);
    text.addEventListener("input", measure);
    const button = asking.querySelector("[data-look]");
    if (button) button.hidden = true;
    for (const pick of document.querySelectorAll("[data-ask]")) {
      pick.addEventListener("click", (event) => {
        event.preventDefault();
        text.value = pick.dataset.ask; asking.elements.name.value = pick.dataset.name;
        text.focus(); measure();
      });
    }
  }
})();
