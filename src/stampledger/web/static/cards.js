// Copying, the slider's words, and which row is open. The pages work without it.
"use strict";

document.documentElement.classList.add("scripted");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  navigator.clipboard.writeText(button.dataset.copy).then(() => {
    const words = button.querySelector("span");
    const before = words.textContent;
    if (before === button.dataset.told) return;
    words.textContent = button.dataset.told;
    document.getElementById("copied").textContent = button.dataset.told;
    setTimeout(() => { words.textContent = before; }, 2000);
  });
});

// Who fills in how long a coupon is good means that limit.
document.addEventListener("input", (event) => {
  const choice = event.target.closest(".limits .tick")?.querySelector("[type='radio']");
  if (choice) choice.checked = true;
});

document.addEventListener("htmx:afterSettle", () => {
  const picture = document.getElementById("picture");
  const slider = document.getElementById("step");
  if (picture && slider) {
    slider.setAttribute("aria-valuetext", picture.dataset.told);
    if (document.activeElement !== slider) slider.value = picture.dataset.step;
    if (document.activeElement === document.body) slider.focus(); // The last "Next" is gone.
  }
  const close = document.querySelector("#panel .close");
  const open = close && document.querySelector(new URL(close.href).hash);
  for (const link of document.querySelectorAll(".opens")) {
    if (open && open.contains(link)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
});

// What a page says about a request that went wrong is a page of its own.
document.addEventListener("htmx:responseError", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig.verb === "get") location.assign(xhr.responseURL);
});
