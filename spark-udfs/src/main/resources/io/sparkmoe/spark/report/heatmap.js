// Layers by experts, coloured on a logarithmic scale that is symmetric around an equal share.
let byLoad = false;

/** Each layer's experts in the order shown: by id, or by falling load with ties by id. */
function expertOrder(counts) {
  const order = counts.map((_, expert) => expert);
  return byLoad ? order.sort((a, b) => counts[b] - counts[a] || a - b) : order;
}

function timesUniform(layer, expert) {
  return data.counts[layer][expert] * data.experts / data.sums[layer];
}

/** The scale ends at 2, 4, 8 or 16 times uniform: the first that 99 % of the busier experts stay within. */
function heatLimit() {
  const busy = [];
  data.counts.forEach((counts, layer) => counts.forEach((_, expert) => {
    const times = timesUniform(layer, expert);
    if (times > 1) {
      busy.push(times);
    }
  }));
  busy.sort((a, b) => a - b);
  const high = busy.length ? busy[Math.floor(0.99 * (busy.length - 1))] : 1;
  return Math.min(4, Math.max(1, Math.ceil(Math.log2(high))));
}

/** Cells as [column, row, colour value, expert]; a layer without ids stays empty. */
function heatCells(limit) {
  const cells = [];
  data.counts.forEach((counts, layer) => {
    if (data.sums[layer] === 0) {
      return;
    }
    expertOrder(counts).forEach((expert, column) => {
      const value = Math.log2(timesUniform(layer, expert));
      cells.push([column, layer, Math.max(-limit, Math.min(limit, value)), expert]);
    });
  });
  return cells;
}

function heatTip(cell) {
  const [, layer, , expert] = cell.data;
  const share = data.sums[layer] ? data.counts[layer][expert] / data.sums[layer] : 0;
  return tip('Layer ' + data.layers[layer] + ', expert ' + expert, [
    ['Ids', count(data.counts[layer][expert])],
    ['Share of layer', percent(share)],
    ['Times uniform', digits(timesUniform(layer, expert), 2) + '×'],
  ]);
}

function heatAxes(t) {
  const columns = data.counts[0].map((_, column) => String(byLoad ? column + 1 : column));
  return {
    xAxis: axis(t, {
      type: 'category', data: columns, name: byLoad ? 'rank of the expert in its layer' : 'expert', nameGap: 28,
      axisLine: { show: false }, splitLine: { show: false },
    }),
    yAxis: axis(t, {
      type: 'category', data: data.layers.map(String), inverse: true, name: 'layer', nameGap: 34,
      axisLine: { show: false }, splitLine: { show: false },
    }),
  };
}

function heatOption(t) {
  const limit = heatLimit();
  const zoom = data.experts >= 128 && !printing;
  const row = Math.max(9, Math.min(32, Math.round(420 / data.layers.length)));
  const bottom = zoom ? 84 : 46;
  return {
    height: row * data.layers.length + bottom + 10,
    grid: { left: 52, right: 12, top: 8, bottom },
    ...heatAxes(t),
    dataZoom: zoom ? [{ type: 'slider', bottom: 8, height: 20, left: 52, right: 12, brushSelect: false,
      borderColor: t.line, textStyle: { color: t.faint } }] : [],
    visualMap: { show: false, dimension: 2, min: -limit, max: limit, inRange: { color: t.diverging } },
    tooltip: tooltip(t, heatTip, {}),
    series: [{ type: 'heatmap', data: heatCells(limit), progressive: 0,
      emphasis: { itemStyle: { borderColor: t.text, borderWidth: 1.5 } } }],
  };
}

function showHeatTicks() {
  const limit = heatLimit();
  const tick = exponent => (exponent < 0 ? '1/' + 2 ** -exponent : 2 ** exponent) + '×';
  const exponents = limit === 1 ? [-1, 0, 1] : [-limit, -limit / 2, 0, limit / 2, limit];
  const labels = exponents.map(e => Number.isInteger(e) ? tick(e) : '').map((label, i) =>
    (i === 0 ? '≤ ' : i === exponents.length - 1 ? '≥ ' : '') + label);
  const ticks = document.getElementById('heat-ticks');
  ticks.replaceChildren(...labels.map(label => Object.assign(document.createElement('span'), { textContent: label })));
}

function orderBy(load) {
  byLoad = load;
  document.getElementById('order-id').setAttribute('aria-pressed', String(!load));
  document.getElementById('order-load').setAttribute('aria-pressed', String(load));
  redraw('heat');
}

function addHeatMap() {
  data.sums = data.counts.map(counts => counts.reduce((sum, c) => sum + c, 0));
  addChart('heat', heatOption);
  if (document.getElementById('heat')) {
    showHeatTicks();
    document.getElementById('order-id').addEventListener('click', () => orderBy(false));
    document.getElementById('order-load').addEventListener('click', () => orderBy(true));
  }
}
