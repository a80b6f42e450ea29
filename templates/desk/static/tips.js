// The queue of tips, made quicker; every one of these things works without it too.
"use strict";
(() => {
  const page = document.querySelector("[data-tip]");
  const post = (path, fields = {}) => window.deskPost(path, fields);

  // Who else has the tip open, and whether somebody changed it: asked every 30 s while the page can be seen.
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await post(`${page.dataset.tip}/open`);
      if (!answer.ok) return;
      const told = await answer.json();
      const others = document.querySelector("[data-others]"), stale = document.querySelector("[data-stale]");
      others.hidden = told.others.length === 0;
      others.querySelector("[data-names]").textContent = told.others.join(", ");
      if (told.version !== Number(page.dataset.version)) {
        stale.querySelector("[data-by]").textContent = told.by;
        stale.hidden = false;
      }
    } catch { /* the line is down: nothing new is known */ }
  };
  if (page) setInterval(ask, 30000);

  // "hiện số": shown in place for 30 s; where a reason is asked for, its own page asks.
  document.querySelectorAll("[data-reveal]").forEach((link) => link.addEventListener("click", async (event) => {
    event.preventDefault();
    const place = document.querySelector(`[data-shown="${link.dataset.reveal}"]`);
    const answer = await fetch(`${page.dataset.tip}/number`, {
      method: "POST", headers: { "X-CSRF": document.body.dataset.csrf || "", Accept: "application/json" },
      body: new URLSearchParams({ which: link.dataset.reveal }),
    }).catch(() => null);
    const told = answer && answer.ok ? await answer.json() : null;
    if (!place || !told || !told.number) { location.href = link.href; return; }
    place.textContent = told.number;
    place.className = "shown";
    setTimeout(() => { place.textContent = ""; place.className = ""; }, told.seconds * 1000);
  }));

  // 1 to 8 choose, as long as no field has the focus; Esc leaves the sheet.
  const sheet = document.querySelector("[data-digits]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!sheet || event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select")) return;
    if (event.key === "Escape") { const out = sheet.querySelector("[data-esc]"); if (out) out.click(); return; }
    const choice = /^[1-8]$/.test(event.key) ? sheet.querySelectorAll("input[type=radio]")[Number(event.key) - 1] : null;
    if (choice) { choice.checked = true; choice.focus(); event.preventDefault(); }
    if (event.key === "Enter" && event.target.matches("input[type=radio], body, main")) { event.preventDefault(); sheet.requestSubmit(); }
  });

  // H and N jump to a field: the focus goes along.
  document.querySelectorAll('a[href^="#"]').forEach((link) => link.addEventListener("click", () => {
    const goal = document.getElementById(link.hash.slice(1));
    const field = goal && (goal.querySelector("textarea") || goal.querySelector("button, a:not(.key), input:not([type=hidden])"));
    if (field) setTimeout(() => field.focus());
  }));

  const all = document.querySelector("[data-all]");
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => document.querySelectorAll('input[name="tip"]').forEach((each) => { each.checked = all.checked; }));
  }
})();
