// A fold of words about a page. Whether it is open is the reader's and kept in this browser, page
// by page: no run of the page is needed for it, and no server has to know.

const remembered = (page) => {
  try { return window.localStorage.getItem(`namerec.explain.${page}`); } catch { return null; }
};
const remember = (page, state) => {
  try { window.localStorage.setItem(`namerec.explain.${page}`, state); } catch { /* not allowed */ }
};

export default function (component) {
  const { data, parentElement } = component;
  const place = parentElement.querySelector(".namerec-explain");
  if (place.dataset.page === data.page) return;
  place.dataset.page = data.page;

  const fold = document.createElement("details");
  fold.open = remembered(data.page) !== "folded";
  const title = document.createElement("summary");
  title.textContent = "What am I looking at?";
  const words = document.createElement("p");
  // Every second piece between stars is a term.
  data.words.split("*").forEach((piece, index) => {
    const part = document.createElement(index % 2 ? "strong" : "span");
    part.textContent = piece;
    words.append(part);
  });
  fold.append(title, words);
  fold.ontoggle = () => remember(data.page, fold.open ? "open" : "folded");
  place.replaceChildren(fold);
}
