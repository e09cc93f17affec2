// A Plotly chart that is mounted once and then updated in place: no flicker, the zoom is kept.
// The first message brings plotly.js itself (of the installed Python package), once a page.

const LIBRARY = "__namerecPlotly";

function library(source) {
  if (!window[LIBRARY]) {
    window[LIBRARY] = new Promise((resolve, reject) => {
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const script = document.createElement("script");
      script.src = url;
      script.onload = () => { URL.revokeObjectURL(url); resolve(window.Plotly); };
      script.onerror = () => reject(new Error("plotly.js could not be loaded"));
      document.head.appendChild(script);
    });
  }
  return window[LIBRARY];
}

export default function (component) {
  const { data, parentElement } = component;
  if (data.library) { library(data.library); return; }
  const chart = parentElement.querySelector(".chart");
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", data.alt);
  chart.style.height = `${data.spec.layout.height}px`;
  const draw = () => window[LIBRARY].then((Plotly) => {
    const layout = { ...data.spec.layout, autosize: true };
    Plotly.react(chart, data.spec.data, layout, data.config);
    chart.dataset.updates = String(Number(chart.dataset.updates || 0) + 1);
  });
  if (window[LIBRARY]) { draw(); return; }
  const waiting = setInterval(() => {
    if (window[LIBRARY]) { clearInterval(waiting); draw(); }
  }, 20);
  return () => clearInterval(waiting);
}
