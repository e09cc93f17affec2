// Draws the figures of a report in the reader's light or dark, and anew when that changes.
(() => {
  "use strict";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const settings = {
    displaylogo: false, responsive: true, scrollZoom: false,
    modeBarButtonsToRemove: [
      "select2d", "lasso2d", "pan2d", "zoom2d", "zoomIn2d", "zoomOut2d", "autoScale2d",
    ],
    toImageButtonOptions: {format: "svg"},
  };
  const draw = () => {
    for (const figure of document.querySelectorAll("figure")) {
      const chart = figure.querySelector(".chart");
      const text = figure.querySelector("script").textContent;
      const {data, layout} = JSON.parse(text)[dark.matches ? "dark" : "light"];
      chart.hidden = false;
      Plotly.react(chart, data, layout, settings);
    }
  };
  document.documentElement.classList.add("live");
  draw();
  dark.addEventListener("change", draw);
})();
