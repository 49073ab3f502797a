"use strict";
// Only comfort: every page works without it.

// A scanner that acts as a keyboard sends GS as Ctrl+]; a text field would drop it. ␝ stands for it and is read back.
for (const field of document.querySelectorAll("[data-scan]")) {
  field.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.code === "BracketRight") {
      event.preventDefault();
      field.setRangeText("␝", field.selectionStart, field.selectionEnd, "end");
    }
  });
}

// The fleet page looks again by itself. While a person works inside the table it waits.
const live = document.querySelector("[data-live]");
const everySeconds = live ? Number(live.dataset.live) : 0;
if (everySeconds > 0) {
  const look = async () => {
    const current = document.querySelector("[data-live]");
    if (document.hidden || current.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-HQ-Refresh": "1" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (fresh) current.replaceWith(fresh);
    } catch {
      const line = current.querySelector(".live");
      if (line) {
        line.textContent = current.dataset.lost;
        line.classList.add("problem");
      }
    }
  };
  setInterval(look, everySeconds * 1000);
}

// One box marks all rows of the page.
const all = document.querySelector("[data-all]");
if (all) {
  all.hidden = false;
  const boxes = document.querySelectorAll("[data-bulk] input[name=id]");
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  // The back button may bring marks back: the box on top then must not lie.
  for (const box of boxes) box.addEventListener("change", () => { all.checked = [...boxes].every((one) => one.checked); });
}
