// The four first steps: those that were taken are ticked, and it stays away once it was put away.

const KEPT = "first-steps";
const AWAY = "away";

export function firstSteps(card) {
  if (!card) return;
  const kept = localStorage.getItem(KEPT) ?? "";
  if (kept === AWAY) return;
  const done = new Set(kept.split(","));
  const steps = [...card.querySelectorAll("[data-step]")];
  for (const step of steps) {
    step.toggleAttribute("data-done", done.has(step.dataset.step));
    step.querySelector("a").addEventListener("click", () => {
      done.add(step.dataset.step);
      const all = steps.every((each) => done.has(each.dataset.step));
      localStorage.setItem(KEPT, all ? AWAY : [...done].join(","));
    });
  }
  card.querySelector("[data-put-away]").addEventListener("click", () => {
    localStorage.setItem(KEPT, AWAY);
    card.hidden = true;
  });
  card.hidden = false;
}
