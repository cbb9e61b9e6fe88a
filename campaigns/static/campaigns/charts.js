// Draws the numbers of a table: what the table holds is the truth, and it stays for who cannot see the drawing.
//
//   <div data-grafica="id of the table" data-columnas="a b" data-forma="barras|area">
//
// A column says how it looks: <th data-columna="a" data-tono="tono-exito">; its cells hold data-n. Of bars, each column
// stands on the next one. A table that htmx brings anew is drawn anew.
"use strict";

(() => {
  const HEIGHT = 200;
  const number = new Intl.NumberFormat("es-CO");
  const short = new Intl.NumberFormat("es-CO", { notation: "compact" });
  const STEPS = [1, 2, 5].flatMap((n) => [...Array(9).keys()].map((power) => n * 10 ** power)).sort((a, b) => a - b);
  const drawn = new Map();

  // Colours are the page's: `light-dark()` is resolved by asking an element that wears it.
  const colour = (tone) => {
    const probe = document.createElement("span");
    probe.className = tone;
    probe.style.setProperty("background-color", "var(--tono)");
    document.body.append(probe);
    const found = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return found;
  };

  const read = (box) => {
    const table = document.getElementById(box.dataset.grafica);
    if (!table) return null;
    const rows = [...table.querySelectorAll("tbody tr")];
    const heads = [...table.querySelectorAll("thead th")];
    const columns = box.dataset.columnas.split(" ").map((name) => {
      const at = heads.findIndex((head) => head.dataset.columna === name);
      const values = rows.map((row) => Number(row.children[at].dataset.n));
      return { label: heads[at].textContent, tone: heads[at].dataset.tono, values };
    });
    return { labels: rows.map((row) => row.querySelector("time").textContent), columns };
  };

  const options = (box, { labels, columns }) => {
    const style = getComputedStyle(box);
    const axis = { stroke: style.color, font: `12px ${style.fontFamily}`, ticks: { show: false } };
    const bars = box.dataset.forma === "barras";
    const paths = bars ? uPlot.paths.bars({ size: [0.68, 44], radius: 0.12 }) : uPlot.paths.linear();
    const series = ({ label, tone }) => {
      const shade = colour(tone);
      const look = bars ? { fill: shade, width: 0 } : { stroke: shade, width: 2, fill: shade.replace(")", " / 14%)").replace(/rgb\((\d+), (\d+), (\d+)/, "rgb($1 $2 $3") };
      return { label, ...look, paths, points: { show: !bars && labels.length < 3 } };
    };
    const every = Math.ceil(labels.length / Math.max(2, Math.floor(box.clientWidth / 84)));
    return {
      width: box.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [12, bars ? 20 : 36, 0, 0],
      scales: {
        x: { time: false, range: bars ? [-0.6, labels.length - 0.4] : [0, Math.max(1, labels.length - 1)] },
        y: { range: (_, __, highest) => [0, Math.max(4, highest * 1.08)] },
      },
      series: [{}, ...columns.map(series)],
      axes: [
        {
          ...axis,
          size: 28,
          grid: { show: false },
          splits: () => labels.map((_, at) => at).filter((at) => (labels.length - 1 - at) % every === 0),
          values: (_, at) => at.map((n) => labels[n]),
        },
        {
          ...axis,
          size: 52,
          grid: { stroke: style.borderTopColor, width: 1 },
          incrs: STEPS,
          values: (_, at) => at.map((n) => (n >= 10_000 ? short.format(n) : number.format(n))),
        },
      ],
    };
  };

  // Each on top of the next: the first column is drawn first, as the sum of all.
  const stacked = (columns) => columns.map((_, from) => columns[0].values.map((_, row) => columns.slice(from).reduce((sum, column) => sum + column.values[row], 0)));

  const draw = (box) => {
    const data = read(box);
    if (!data || !data.labels.length) return;
    box.hidden = false;
    drawn.get(box)?.destroy();
    const values = box.dataset.forma === "barras" ? stacked(data.columns) : data.columns.map((column) => column.values);
    drawn.set(box, new uPlot(options(box, data), [data.labels.map((_, at) => at), ...values], box));
  };

  const resize = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = drawn.get(target);
      if (chart && target.clientWidth && target.clientWidth !== chart.width) draw(target);
    }
  });

  const drawAll = (opened) => {
    for (const box of [...drawn.keys()].filter((one) => !one.isConnected)) {
      drawn.get(box).destroy();
      drawn.delete(box);
    }
    for (const box of document.querySelectorAll("[data-grafica]")) {
      if (drawn.has(box)) continue;
      const numbers = document.getElementById(box.dataset.grafica)?.closest("details");
      if (numbers) numbers.open = opened.has(box.dataset.grafica);
      draw(box);
      resize.observe(box);
    }
  };

  drawAll(new Set());
  // A table that the person had opened stays open when it comes anew.
  let opened = new Set();
  document.addEventListener("htmx:beforeSwap", () => {
    opened = new Set([...document.querySelectorAll("details[open] > table[id]")].map((table) => table.id));
  });
  document.addEventListener("htmx:afterSettle", () => drawAll(opened));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => [...drawn.keys()].forEach(draw));
})();
