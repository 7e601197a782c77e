// The Journal's search and live mode, where an answer is none that could be shown in place.
"use strict";
(() => {
  const tell = (what) => {
    const news = document.getElementById("news");
    if (news && news.textContent !== news.dataset[what]) news.textContent = news.dataset[what];
  };
  const isLive = (event) => event.detail.elt.id === "live";

  // A login asked for meanwhile answers in our stead: nothing of it belongs into the page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    const answered = new URL(xhr.responseURL || location.href);
    const asked = new URL(pathInfo.finalRequestPath || pathInfo.requestPath, location.href);
    if (answered.pathname !== asked.pathname) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });

  document.addEventListener("htmx:responseError", (event) => {
    const { status, responseURL } = event.detail.xhr;
    if (!isLive(event)) location.assign(responseURL); // The page that says what is wrong.
    else if (status >= 500) tell("lost");
    else {
      event.detail.elt.remove(); // Nobody is asked again.
      tell("denied");
    }
  });
  document.addEventListener("htmx:sendError", (event) => isLive(event) && tell("lost"));
  document.addEventListener("htmx:afterRequest", (event) => {
    const news = document.getElementById("news");
    if (isLive(event) && event.detail.successful && news && news.textContent === news.dataset.lost) tell("waiting");
  });
})();
