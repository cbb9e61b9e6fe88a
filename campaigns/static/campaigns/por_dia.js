// The last days as bars: failed on top of sent. The table below holds the same numbers, and stays for who cannot
// see the drawing.
"use strict";

(() => {
  const box = document.querySelector("[data-por-dia]");
  if (!box) return;
  const rows = [...document.querySelectorAll(`#${box.dataset.porDia} tbody tr`)];
  const values = (column) => rows.map((row) => Number(row.querySelectorAll("[data-n]")[column].dataset.n));
  const labels = rows.map((row) => row.querySelector("time").textContent);
  const sent = values(0);
  const failed = values(1);
  const total = sent.map((n, i) => n + failed[i]);
  const days = rows.map((_, i) => i);
  const number = new Intl.NumberFormat("es-CO");
  const short = new Intl.NumberFormat("es-CO", { notation: "compact" });
  const HEIGHT = 200;

  box.hidden = false;
  document.querySelector(".por-dia-tabla").open = false;

  // Colours are the page's: `light-dark()` is resolved by asking an element that wears it.
  const colour = (tone) => getComputedStyle(document.querySelector(`.leyenda .${tone}`), "::before").backgroundColor;
  const bars = uPlot.paths.bars({ size: [0.62, 44], radius: 0.12 });
  const series = (label, tone) => ({ label, fill: () => colour(tone), width: 0, paths: bars, points: { show: false } });

  const options = () => {
    const style = getComputedStyle(box);
    const axis = { stroke: style.color, font: `12px ${style.fontFamily}`, ticks: { show: false } };
    return {
      width: box.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [12, 20, 0, 0],
      scales: {
        x: { time: false, range: [-0.6, days.length - 0.4] },
        y: { range: (_, __, highest) => [0, Math.max(4, highest * 1.08)] },
      },
      series: [{}, series("Fallidos", "tono-falla"), series("Enviados", "tono-exito")],
      axes: [
        {
          ...axis,
          size: 28,
          grid: { show: false },
          splits: () => days.filter((day) => (days.length - 1 - day) % (box.clientWidth < 480 ? 4 : 2) === 0),
          values: (_, at) => at.map((day) => labels[day]),
        },
        {
          ...axis,
          size: 48,
          grid: { stroke: style.borderTopColor, width: 1 },
          incrs: [1, 2, 5].flatMap((n) => [...Array(8).keys()].map((power) => n * 10 ** power)).sort((a, b) => a - b),
          values: (_, at) => at.map((n) => (n >= 10_000 ? short.format(n) : number.format(n))),
        },
      ],
    };
  };

  let chart;
  const draw = () => {
    chart?.destroy();
    chart = new uPlot(options(), [days, total, sent], box);
  };
  draw();
  new ResizeObserver(() => {
    if (box.clientWidth !== chart.width) draw();
  }).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
