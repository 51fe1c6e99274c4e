// Lines above the list that say what happened; the newest three, each until its time is over.
import { element } from "./format.js";

const MOST = 3;

// Returns notice(text, lasting?): shows a line and returns say(text, lasting?) to change it.
export function notices(box) {
  return (text, lasting) => {
    const line = element("div", "lv-notice");
    const said = element("span");
    const close = element("button", "", "\u00d7");
    close.type = "button";
    close.setAttribute("aria-label", "Dismiss");
    close.onclick = () => line.remove();
    line.append(said, close);
    const say = (words, ms) => {
      said.textContent = words;
      if (ms) setTimeout(() => line.remove(), ms);
    };
    while (box.children.length >= MOST) box.firstChild.remove();
    box.append(line);
    say(text, lasting);
    return { say };
  };
}
