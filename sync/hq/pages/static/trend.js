"use strict";
// The trend of differences with uPlot; the same numbers stand in a table below, so the picture is hidden from readers.
const place = document.querySelector("[data-chart]");
if (place && window.uPlot) {
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const strokes = [["#8c1010", []], ["#5a2d82", [10, 4]], ["#123f73", [3, 3]]]; // Told apart by dashes too.
  const day = (seconds) => {
    const date = new Date(seconds * 1000);
    return [date.getUTCDate(), date.getUTCMonth() + 1].map((part) => String(part).padStart(2, "0")).join(".");
  };
  const number = (value) => (value == null ? "" : String(value).replace(/\B(?=(\d{3})+$)/g, "\u00a0"));
  const width = () => place.parentElement.clientWidth - 14; // The place itself is hidden as long as it is empty.
  const options = {
    width: width(),
    height: 220,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { y: { range: (plot, low, high) => [Math.min(0, low), Math.max(4, Math.ceil(high * 1.1))] } },
    axes: [
      { values: (plot, ticks) => ticks.map(day), incrs: [86400, 2 * 86400, 7 * 86400, 28 * 86400, 91 * 86400] },
      { values: (plot, ticks) => ticks.map(number), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000] },
    ],
    series: [
      { label: data.day, value: (plot, seconds) => (seconds == null ? "" : day(seconds)) },
      ...data.names.map((label, index) => ({
        label,
        stroke: strokes[index][0],
        dash: strokes[index][1],
        width: 2,
        points: { show: data.x.length < 60, size: 6 },
        value: (plot, value) => number(value),
      })),
    ],
  };
  const plot = new uPlot(options, [data.x, ...data.y], place);
  addEventListener("resize", () => plot.setSize({ width: width(), height: 220 }));
}
