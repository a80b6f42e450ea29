// Waves: what the composer measures while somebody types, and the numbers of a wave that goes. Without it: buttons and links.
"use strict";
(() => {
  const grouped = (n) => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ".");
  const dong = (n) => `${grouped(n)}\u00a0đ`;
  const put = (at, text) => { if (at && at.textContent !== text) at.textContent = text; };
  const SVG = "http://www.w3.org/2000/svg";

  // --- the composer ---
  const form = document.getElementById("composer");
  if (form && form.querySelector("[data-text]:not([readonly])")) {
    const texts = [...form.querySelectorAll("[data-text]")];
    const ink = (area) => {  // fields stand out as tags behind the words
      const layer = area.previousElementSibling;
      layer.replaceChildren(...area.value.split(/(\{\{.*?\}\})/).map((piece, at) => {
        if (at % 2 === 0) return document.createTextNode(piece);
        const tag = document.createElement("mark");
        tag.textContent = piece;
        return tag;
      }), document.createTextNode("\n"));
      layer.scrollTop = area.scrollTop;
    };
    texts.forEach((area) => {
      ink(area);
      area.addEventListener("input", () => ink(area));
      area.addEventListener("scroll", () => { area.previousElementSibling.scrollTop = area.scrollTop; });
    });
    form.querySelectorAll("[data-insert]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        const area = button.closest("[data-language]").querySelector("[data-text]");
        area.setRangeText(`{{ ${button.dataset.insert} }}`, area.selectionStart, area.selectionEnd, "end");
        area.focus();
        area.dispatchEvent(new Event("input", { bubbles: true }));
      });
    });

    form.querySelectorAll("[data-open]").forEach((link) => link.addEventListener("click", () => {
      const goal = document.getElementById(link.dataset.open);
      goal.open = true;
      setTimeout(() => goal.querySelector("input, button").focus());
    }));

    const bar = (parts) => {
      const drawn = document.createElementNS(SVG, "svg");
      drawn.setAttribute("class", "seg-bar");
      drawn.setAttribute("viewBox", `0 0 ${102 * Math.max(1, parts.length) - 2} 10`);
      drawn.setAttribute("preserveAspectRatio", "none");
      drawn.setAttribute("aria-hidden", "true");
      (parts.length ? parts : [0]).forEach((part, at) => [["seg-empty", 100], ["seg-full", part]].forEach(([name, width]) => {
        const box = document.createElementNS(SVG, "rect");
        Object.entries({ x: 102 * at, y: 0, width, height: 10, class: name }).forEach(([key, value]) => box.setAttribute(key, value));
        drawn.append(box);
      }));
      return drawn;
    };
    const show = (answer) => {
      answer.texts.forEach((text) => {
        const at = form.querySelector(`[data-language="${text.language}"]`);
        ["plain", "accented"].forEach((way) => {
          const card = at.querySelector(`[data-way="${way}"]`);
          put(card.querySelector("[data-used]"), `${text[way].used} / ${text[way].room}`);
          put(card.querySelector("[data-segments]"), `${text[way].segments} đoạn`);
          put(card.querySelector("[data-cost]"), dong(text[way].cost_vnd));
          card.querySelector("[data-bar]").replaceChildren(bar(text[way].parts));
        });
        put(at.querySelector("[data-arrives]"), text.text);
        at.querySelector("[data-notes]").replaceChildren(...[text.why, ...text.notes].filter(Boolean).map((note) => {
          const line = document.createElement("li");
          line.textContent = note;
          return line;
        }));
      });
      Object.entries(answer.checks).forEach(([language, both]) => {
        form.querySelector(`[data-language="${language}"] [data-checks]`).replaceChildren(...both.map((check) => {
          const tag = document.createElement("span");
          tag.className = `tag ${check.blocks ? "tag-wait" : "tag-done"}`;
          tag.textContent = (check.blocks ? "thiếu: " : "✓ ") + check.label;
          return tag;
        }));
      });
      const against = document.getElementById("against");
      against.hidden = !answer.against.length;
      against.querySelector("ul").replaceChildren(...answer.against.map((said) => {
        const line = document.createElement("li");
        line.textContent = said;
        return line;
      }));
      answer.routes.forEach((route) => {
        const row = form.querySelector(`[data-route="${CSS.escape(route.route)}"]`);
        if (!row) return;
        put(row.querySelector("[data-plain]"), grouped(route.plain_vnd));
        put(row.querySelector("[data-accented]"), grouped(route.accented_vnd));
      });
    };
    const fields = () => {
      const sent = new URLSearchParams();
      new FormData(form).forEach((value, name) => { if (typeof value === "string" && name !== "csrf") sent.append(name, value); });
      return sent;
    };
    const ask = (path, sent) => fetch(path, { method: "POST", headers: { "X-CSRF": document.body.dataset.csrf || "" }, body: sent });
    let asking = 0;
    const measure = async () => {
      const mine = ++asking;
      const sent = fields();
      sent.set("draft", form.dataset.draft);
      const answer = await ask("/desk/waves/measure", sent).catch(() => null);
      if (answer && answer.ok && mine === asking) show(await answer.json());
    };
    const saved = form.querySelector("[data-saved]");
    let isSaving = false;
    const save = async () => {
      if (isSaving || form.dataset.sent) return;
      isSaving = true;
      const answer = await ask(`/desk/waves/drafts/${form.dataset.draft}/autosave`, fields()).catch(() => null);
      isSaving = false;
      if (!answer) return put(saved, "Chưa lưu được, sẽ thử lại");
      const told = answer.headers.get("Content-Type").startsWith("application/json") ? await answer.json() : { why: "Chưa lưu được" };
      if (!answer.ok) return put(saved, told.why);
      form.elements.version.value = told.version;
      return put(saved, `Tự lưu lúc ${new Date(told.at).toLocaleTimeString("vi", { hour: "2-digit", minute: "2-digit" })}`);
    };
    let soon, later;
    form.addEventListener("input", () => {
      clearTimeout(soon);
      clearTimeout(later);
      soon = setTimeout(measure, 250);
      later = setTimeout(save, 2500);
    });
    form.addEventListener("submit", (event) => {  // a save that is on its way would make this one look like another planner's
      clearTimeout(later);
      if (isSaving) { event.preventDefault(); const by = event.submitter; setTimeout(() => form.requestSubmit(by), 150); }
    }, true);
  }

  // --- planning ---
  const planning = document.querySelector("[data-planning]");
  if (planning && planning.querySelector("[data-progress]")) {
    const look = async () => {
      const answer = await fetch(`/desk/waves/drafts/${planning.dataset.planning}/progress`).catch(() => null);
      const told = answer && answer.ok ? await answer.json() : null;
      if (told && told.state !== "planning") { location.reload(); return; }
      if (told && told.total) {
        put(planning.querySelector("[data-progress]"), `Đã xét ${grouped(told.done)} người trên ${grouped(told.total)}. Lập xong thì tự chuyển sang chờ duyệt.`);
        Object.assign(planning.querySelector("progress"), { max: told.total, value: told.done });
      }
      setTimeout(look, 700);
    };
    setTimeout(look, 400);
  }

  // --- the decision ---
  const deciding = document.querySelector("[data-approve]");
  if (deciding) {
    const count = deciding.elements.count;
    count.addEventListener("input", () => { deciding.querySelector("[data-right]").hidden = count.value.replace(/[.\s]/g, "") !== deciding.dataset.approve; });
  }

  // --- a wave that goes ---
  const live = document.querySelector("[data-live]");
  if (live && window.EventSource) {
    const one = (name) => live.querySelector(`[data-is="${name}"]`);
    const clock = (at) => new Date(at).toLocaleString("vi", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
    const line = live.querySelector(".pace-line");
    const draw = (paces) => {
      const most = Math.max(1, Number(live.querySelector(".pace").dataset.most), ...paces);
      line.setAttribute("points", paces.map((pace, at) => `${(300 * at) / Math.max(1, paces.length - 1)},${58 - (54 * pace) / most}`).join(" "));
    };
    const show = (told) => {
      if (told.at < Number(live.dataset.at)) return;  // older than the page: somebody pressed a button since
      let x = 0;
      told.shares.forEach((share) => {
        live.querySelectorAll(`[data-share="${share.key}"]`).forEach((at) => put(at, grouped(share.count)));
        const box = live.querySelector(`[data-bar="${share.key}"]`);
        box.setAttribute("x", x);
        box.setAttribute("width", share.per_mille);
        x += share.per_mille;
      });
      put(one("balance"), told.balance);
      one("balance").className = told.balanced ? "small" : "notice notice-urgent";
      put(one("pace"), told.pace.toFixed(1).replace(".", ","));
      put(one("spent"), dong(told.spent));
      put(one("tips"), grouped(told.tips));
      put(one("stops"), grouped(told.stops));
      put(one("eta"), told.opens_at ? `Ngoài giờ gửi, mở lại ${clock(told.opens_at)}` : told.eta ? `xong khoảng ${clock(told.eta)}` : "");
      const lines = live.querySelector("[data-lines]");
      if (lines) told.routes.forEach((route, at) => {
        const cells = lines.rows[at] && lines.rows[at].cells;
        if (!cells) return;
        const tag = cells[1].firstElementChild;
        tag.className = `tag tag-${route.tone}`;
        put(tag, route.state);
        [route.people, route.sent, route.failed, route.delivered].forEach((many, column) => put(cells[column + 2], grouped(many)));
      });
      draw(told.paces);
      // What a person may do has changed: the page with the other buttons, unless somebody is in the middle of something.
      const needs = told.state !== live.dataset.state || Number(told.asks) !== Number(live.dataset.asks)
        || (told.shares[2].count > 0) !== (Number(live.dataset.uncertain) > 0);
      if (needs && !live.querySelector("form :focus:not(button)")) location.reload();
    };
    const source = new EventSource(live.dataset.live);
    source.addEventListener("glance", (event) => show(JSON.parse(event.data)));
    source.addEventListener("over", (event) => { source.close(); show(JSON.parse(event.data)); });
    live.querySelector("[data-refresh]").hidden = true;
  }
})();
