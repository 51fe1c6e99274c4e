// The chosen crontab in words, below the choice. django-celery-beat's own script looks for places
// that this look of the admin does not have.
(() => {
  const choice = document.getElementById("id_crontab");
  if (!choice) return; // a page to look at has the words from the server
  const words = JSON.parse(document.getElementById("readable-crontabs").textContent);

  const said = document.createElement("p");
  said.id = "crontab-in-words";
  said.className = "leading-relaxed mt-2 text-xs";
  said.setAttribute("role", "status");
  // The buttons that add and change a row stand in the same line as the choice.
  (choice.closest(".related-widget-wrapper") || choice).after(said);

  const tell = () => {
    said.textContent = words[choice.value] || "";
  };
  choice.addEventListener("change", tell);
  tell();
})();
