// Copies the address of the page to the clipboard. Browsers allow that on https and on this
// computer alone; elsewhere the address is shown, selected, to be copied by hand.

const SHOWN = 2500; // milliseconds that “Copied” stays

export default function (component) {
  const place = component.parentElement.querySelector(".namerec-copy-link");
  if (place.firstChild) return;

  const button = document.createElement("button");
  button.type = "button";
  button.title = "Copies the address of what is seen now: page, run, name, view and settings";
  const words = document.createElement("span");
  words.setAttribute("aria-live", "polite");
  words.textContent = "Copy link";
  button.append(words);

  const field = document.createElement("input");
  field.type = "text";
  field.readOnly = true;
  field.hidden = true;
  field.setAttribute("aria-label", "Link to what is seen now; copy it from here");
  place.append(button, field);

  let waiting;
  const say = (text) => {
    words.textContent = text;
    clearTimeout(waiting);
    waiting = setTimeout(() => { words.textContent = "Copy link"; }, SHOWN);
  };
  const show = () => {
    field.hidden = false;
    field.value = window.location.href;
    field.focus();
    field.select();
    say("Copy it from here");
  };
  const hide = () => { field.hidden = true; };
  button.onclick = () => {
    hide();
    if (!window.isSecureContext || !navigator.clipboard) { show(); return; }
    navigator.clipboard.writeText(window.location.href).then(() => say("Copied"), show);
  };
  field.onkeydown = (event) => {
    if (event.key === "Escape") { hide(); button.focus(); }
  };
  field.onblur = (event) => { if (event.relatedTarget !== button) hide(); };
  return () => clearTimeout(waiting);
}
