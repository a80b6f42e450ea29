// The print room: a running job keeps its page fresh; one tick for all villages.
"use strict";
(() => {
  const card = document.querySelector("[data-progress]");
  if (card) {
    const put = (name, text) => { card.querySelector(`[data-${name}]`).textContent = text; };
    const look = async () => {
      const answer = await fetch(card.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const job = await answer.json();
      if (job.state !== "making") { location.reload(); return; }
      put("done", job.made + job.failed); put("total", job.total); put("failed", job.failed ? `, ${job.failed} hỏng` : "");
      const bar = card.querySelector("progress");
      bar.max = job.total || 1; bar.value = job.made + job.failed;
    };
    setInterval(() => { if (!document.hidden) look().catch(() => {}); }, 2000);
  }
  // Ticking one village unticks "all"; ticking "all" unticks the villages.
  const all = document.querySelector("[data-all]");
  if (all) {
    const each = [...document.querySelectorAll(`input[name="${all.dataset.all}"]`)];
    for (const box of each) box.addEventListener("change", () => { all.checked = !each.some((one) => one.checked); });
    all.addEventListener("change", () => { if (all.checked) for (const box of each) box.checked = false; });
  }
})();
