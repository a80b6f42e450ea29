// The page for hamlet sessions. What is written waits in IndexedDB, each entry sealed with AES-GCM (a fresh 96-bit nonce, its id as
// associated data) under a key made from the clerk's PIN: PBKDF2, SHA-256, 600,000 rounds, a salt of 16 bytes. The key is never stored.
// An entry keeps the key it was given when it was written, so that sending it twice is one tip; it is wiped when the server has it.
"use strict";
(() => {
  const ROUNDS = 600000, PHOTO_SIDE = 1600, MOST_PHOTOS = 5, TRIES = 5, WAIT_S = 30;
  const at = (id) => document.getElementById(id);
  const text = new TextEncoder(), words = new TextDecoder();
  let key = null, sending = false;

  // --- the store ---
  const store = new Promise((done, failed) => {
    const asked = indexedDB.open("tinbao-offline", 1);
    asked.onupgradeneeded = () => { asked.result.createObjectStore("vault"); asked.result.createObjectStore("entries", { keyPath: "id" }); };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const act = async (name, mode, what) => {
    const transaction = (await store).transaction(name, mode), asked = what(transaction.objectStore(name));
    return new Promise((done, failed) => { // done when it is on the disk, not when it was asked for
      transaction.oncomplete = () => done(asked.result);
      transaction.onerror = transaction.onabort = () => failed(transaction.error);
    });
  };
  const vault = () => act("vault", "readonly", (in_) => in_.get("pin"));
  const keepVault = (value) => act("vault", "readwrite", (in_) => in_.put(value, "pin"));
  const entries = async () => (await act("entries", "readonly", (in_) => in_.getAll())).sort((a, b) => a.at - b.at);
  const keep = (entry) => act("entries", "readwrite", (in_) => in_.put(entry));
  const wipe = (id) => act("entries", "readwrite", (in_) => in_.delete(id));

  // --- sealing ---
  const derived = async (pin, salt, rounds) => {
    const base = await crypto.subtle.importKey("raw", text.encode(pin), "PBKDF2", false, ["deriveKey"]);
    return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  };
  const seal = async (with_, id, value) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: text.encode(id) }, with_, text.encode(JSON.stringify(value)));
    return { id, iv, data };
  };
  const open = async (with_, sealed) => {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: text.encode(sealed.id) }, with_, sealed.data);
    return JSON.parse(words.decode(plain));
  };

  // --- what is shown ---
  const show = (name) => { for (const each of ["setup", "locked", "open"]) at(each).hidden = each !== name; };
  const say = (id, told) => { at(id).textContent = told; at(id).hidden = !told; };
  const count = (n) => (n ? `${n} tin chờ gửi` : "Không có tin nào chờ");

  async function paint() {
    const waiting = await entries(), list = at("queue");
    at("waiting").textContent = count(waiting.length);
    at("locked-count").textContent = `${count(waiting.length)}.`;
    if (!key) return;
    const shown = await Promise.all(waiting.map(async (each) => {
      const told = await open(key, each), item = document.createElement("li"), line = document.createElement("span"), head = document.createElement("b");
      head.textContent = told.fields.village || "Chưa rõ thôn";
      line.textContent = ` · ${new Date(each.at).toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" })} · ${told.fields.words.slice(0, 60)}${told.photos.length ? ` · ${told.photos.length} ảnh` : ""}`;
      item.append(head, line);
      if (each.wrong) {
        const why = document.createElement("p"), again = document.createElement("button");
        why.className = "notice notice-warn"; why.textContent = each.wrong;
        again.type = "button"; again.className = "btn btn-small"; again.textContent = "Sửa lại";
        again.addEventListener("click", () => mend(each, told));
        item.append(why, again);
      }
      return item;
    }));
    list.replaceChildren(...shown);
  }

  let mended = null; // the entry that is being corrected keeps its id, its photos and its time
  function mend(each, told) {
    for (const [name, value] of Object.entries(told.fields)) if (at("entry").elements[name]) at("entry").elements[name].value = value;
    mended = { id: each.id, at: each.at, photos: told.photos };
    at("o-words").focus();
  }

  // --- photos: made anew and smaller, which leaves place, time and camera behind ---
  async function shrunk(file) {
    const picture = await createImageBitmap(file), part = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * part); canvas.height = Math.round(picture.height * part);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let binary = "";
    for (let start = 0; start < bytes.length; start += 8192) binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
    return btoa(binary);
  }
  const photoOf = (kept) => new Blob([Uint8Array.from(atob(kept), (c) => c.charCodeAt(0))], { type: "image/jpeg" });

  // --- writing ---
  at("entry").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target, fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    say("entry-why", "");
    if (!fields.words.trim()) { say("entry-why", "Chưa có lời kể."); return; }
    if (fields.may_call === "co" && !fields.phone.trim()) { say("entry-why", "Cho gọi mà không có số: xin ghi số điện thoại, hoặc chọn lại."); return; }
    const photos = mended ? [...mended.photos] : [];
    for (const file of [...at("o-photo").files].slice(0, MOST_PHOTOS)) {
      try { photos.push(await shrunk(file)); } catch { say("entry-why", `“${file.name}” không mở được như ảnh; đã bỏ ra.`); }
    }
    const id = mended ? mended.id : `offline-${crypto.randomUUID()}`;
    const sealed = await seal(key, id, { fields, photos: photos.slice(0, MOST_PHOTOS) });
    await keep({ ...sealed, at: mended ? mended.at : Date.now() });
    const village = fields.village;
    mended = null; form.reset(); form.elements.village.value = village;
    say("told", "Đã lưu vào máy.");
    await paint();
    send();
  });

  // --- sending ---
  async function who() {
    try {
      const answer = await fetch("/desk/offline/who", { redirect: "manual", cache: "no-store" });
      if (answer.ok) return { net: true, ...(await answer.json()) };
      return { net: answer.type === "opaqueredirect" || answer.status < 500, csrf: "" };
    } catch { return { net: false, csrf: "" }; }
  }

  async function post(each, csrf) {
    const told = await open(key, each), form = new FormData();
    form.set("key", each.id);
    for (const [name, value] of Object.entries(told.fields)) form.set(name, value);
    told.photos.forEach((photo, number) => form.append("photo", photoOf(photo), `${number + 1}.jpg`));
    return fetch("/desk/offline/entries", { method: "POST", headers: { "X-CSRF": csrf }, body: form, redirect: "manual" });
  }

  async function sendAll() {
    if (!key) return;
    const me = await who();
    at("net").textContent = me.net ? "có mạng" : "không có mạng";
    const waiting = (await entries()).filter((each) => !each.wrong);
    at("sign-in").hidden = !(me.net && !me.csrf);
    if (!me.csrf) return;
    const codes = [], problems = [];
    for (const each of waiting) {
      let answer;
      try { answer = await post(each, me.csrf); } catch { break; } // no network: it may have arrived; its key makes it one tip
      if (answer.status === 422) {
        const told = await answer.json();
        await keep({ ...each, wrong: told.wrong.map((one) => `${one.text}. ${one.remedy}`).join(" ") });
        continue;
      }
      if (!answer.ok) { at("sign-in").hidden = ![0, 401, 403].includes(answer.status); break; }
      const told = await answer.json();
      await wipe(each.id);
      codes.push(told.code || "đang cấp mã");
      if (told.problem) problems.push(told.problem);
      await paint();
    }
    if (codes.length) say("told", `Đã gửi ${codes.length} tin về xã: ${codes.join(", ")}. ${problems.join(" ")}`);
    await paint();
  }

  async function send() {
    if (sending || !key) return;
    sending = true;
    try { // two pages open at once take turns
      if (navigator.locks) await navigator.locks.request("tinbao-offline-send", sendAll); else await sendAll();
    } finally { sending = false; }
  }

  // --- the PIN ---
  at("setup-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const pin = at("pin-new").value;
    if (pin.length < 6) { say("setup-why", "Mã PIN cần ít nhất 6 chữ số."); return; }
    if (/^(.)\1*$/.test(pin) || "01234567890".includes(pin) || "09876543210".includes(pin)) { say("setup-why", "Mã này dễ đoán quá. Xin chọn mã khác."); return; }
    if (pin !== at("pin-again").value) { say("setup-why", "Hai lần gõ không giống nhau."); return; }
    const salt = crypto.getRandomValues(new Uint8Array(16)), made = await derived(pin, salt, ROUNDS);
    await keepVault({ salt, rounds: ROUNDS, check: await seal(made, "check", "tinbao"), wrong: 0, until: 0 });
    key = made; event.target.reset();
    await unlocked();
  });

  at("unlock-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const kept = await vault(), left = Math.ceil((kept.until - Date.now()) / 1000);
    if (left > 0) { say("unlock-why", `Sai nhiều lần. Xin chờ ${left} giây.`); return; }
    const made = await derived(at("pin").value, kept.salt, kept.rounds);
    event.target.reset();
    try { await open(made, kept.check); } catch {
      kept.wrong += 1;
      kept.until = kept.wrong % TRIES ? 0 : Date.now() + WAIT_S * 1000;
      await keepVault(kept);
      say("unlock-why", "Mã PIN không đúng."); return;
    }
    await keepVault({ ...kept, wrong: 0, until: 0 });
    key = made; say("unlock-why", "");
    await unlocked();
  });

  at("forget").addEventListener("click", async () => {
    if (!confirm("Xóa hẳn các tin đang chờ trong máy này?")) return;
    await act("entries", "readwrite", (in_) => in_.clear());
    await act("vault", "readwrite", (in_) => in_.clear());
    location.reload();
  });

  at("lock").addEventListener("click", async () => { key = null; at("queue").replaceChildren(); at("entry").reset(); await begin(); });
  at("send").addEventListener("click", send);
  addEventListener("online", () => { for (const wait of [0, 2000, 8000]) setTimeout(send, wait); }); // a network is often told of before it carries
  addEventListener("offline", () => { at("net").textContent = "không có mạng"; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(send, 15000);

  async function unlocked() {
    show("open");
    await paint();
    await send();
  }

  async function begin() {
    at("net").textContent = navigator.onLine ? "có mạng" : "không có mạng";
    show((await vault()) ? "locked" : "setup");
    await paint();
  }

  if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/desk/offline/worker.js", { scope: "/desk/offline" })
      .then(() => navigator.serviceWorker.ready)
      .then(() => { document.documentElement.dataset.kept = "yes"; });
  }
  begin();
})();
