// textual.js finds its terminal when the page has loaded; what it needs to know by then is set here.
"use strict";

const SMALLEST = 8, USUAL = 16, LARGEST = 48; // pixels

// The app asks before it opens a link, and then says which. xterm would open any address that it sees clicked: it asks
// for an empty page first, and gets none.
const open = window.open;
window.open = (url, target) => (url ? open.call(window, url, target, "noopener") : null);

const begin = window.onload; // textual.js's
window.onload = async (event) => {
  const query = new URLSearchParams(location.search);
  if (query.has("token")) {
    // The cookie opens the page from now on; the link stays out of the address bar and of what is shared.
    query.delete("token");
    history.replaceState(null, "", location.pathname + (query.size ? "?" + query : ""));
  }
  const terminal = document.querySelector("#terminal");
  const size = Number(query.get("fontsize")) || USUAL;
  terminal.dataset.fontSize = Math.min(LARGEST, Math.max(SMALLEST, size));
  terminal.dataset.sessionWebsocketUrl = location.origin.replace(/^http/, "ws") + "/ws";
  document.querySelector("#ended button").onclick = () => location.reload();
  // Cells are measured once, by the font that is there.
  await Promise.all(["", "bold ", "italic "].map((style) => document.fonts.load(style + "16px 'Roboto Mono'")));
  begin(event);
  // The page is as dark or light as the app, which tells the terminal.
  const view = document.querySelector(".xterm-viewport");
  new MutationObserver(() => {
    document.body.style.background = view.style.backgroundColor;
  }).observe(view, { attributeFilter: ["style"] });
  // The first key counts, without a click; textual.js tells the app of the focus, so there must be somebody to tell.
  new MutationObserver((_, watch) => {
    watch.disconnect();
    document.querySelector(".xterm-helper-textarea").focus();
  }).observe(terminal, { attributeFilter: ["class"] });
};
