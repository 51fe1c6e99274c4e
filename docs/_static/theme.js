// Furo has these words inline, which our Content-Security-Policy refuses.
document.documentElement.classList.remove("no-js");
try {
  document.body.dataset.theme = localStorage.getItem("theme") || "auto";
} catch {
  document.body.dataset.theme = "auto";
}

// What the theme leaves without a name or out of the keyboard's reach.
document.addEventListener("DOMContentLoaded", () => {
  for (const [place, name] of [[".sidebar-drawer", "Pages"], [".toc-drawer", "On this page"]]) document.querySelector(place)?.setAttribute("aria-label", name);
  for (const each of document.querySelectorAll("pre, .table-wrapper")) each.tabIndex = 0;
  const search = document.getElementById("search-results");
  if (search && !document.querySelector("h1")) {
    const head = document.createElement("h1");
    head.textContent = "Search";
    search.before(head);
  }
});
