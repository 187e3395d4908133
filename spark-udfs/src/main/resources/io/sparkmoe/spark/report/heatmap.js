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

function heatLimit() {
  return scaleLimit(data.counts.flatMap((counts, layer) =>
    (data.sums[layer] === 0 ? [] : counts.map((_, expert) => Math.log2(timesUniform(layer, expert))))));
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

/** Experts at even distances, whatever part of them is shown. */
function heatLabels(t, shown, width) {
  const step = labelStep(shown, width - 64);
  return { color: t.faint, fontSize: 12, interval: (column, name) => Number(name) % step === 0 };
}

/** Zooming in makes room for more labels. */
function labelZoom(instance) {
  instance.on('datazoom', () => {
    const { start, end } = instance.getOption().dataZoom[0];
    const shown = data.experts * (end - start) / 100;
    instance.setOption({ xAxis: { axisLabel: heatLabels(theme(), shown, instance.getWidth()) } });
  });
}

function heatAxes(t, width, zoom) {
  const columns = data.counts[0].map((_, column) => String(byLoad ? column + 1 : column));
  return {
    xAxis: axis(t, {
      type: 'category', data: columns, name: (byLoad ? 'rank of the expert in its layer' : 'expert') + (zoom ? ' (move the ends of the strip to zoom in)' : ''),
      nameGap: 28,
      axisLine: { show: false }, splitLine: { show: false }, axisLabel: heatLabels(t, data.experts, width),
    }),
    yAxis: axis(t, {
      type: 'category', data: data.layers.map(String), inverse: true, name: 'layer', nameGap: 34,
      axisLine: { show: false }, splitLine: { show: false },
    }),
  };
}

/** In pixels; on paper the whole map stays on one page. */
function rowHeight(layers) {
  return printing ? Math.max(1, Math.min(22, 740 / layers)) : Math.max(9, Math.min(32, Math.round(420 / layers)));
}

function heatOption(t, width) {
  const limit = heatLimit();
  const zoom = data.experts >= 128 && !printing;
  const row = rowHeight(data.layers.length);
  const bottom = zoom ? 84 : 46;
  return {
    height: row * data.layers.length + bottom + 10,
    grid: { left: 52, right: 12, top: 8, bottom },
    ...heatAxes(t, width, zoom),
    dataZoom: zoom ? [{ type: 'slider', bottom: 8, height: 20, left: 52, right: 12, brushSelect: false,
      borderColor: t.line, backgroundColor: t.page, fillerColor: t.band, moveHandleSize: 0, showDataShadow: false,
      handleStyle: { color: t.panel, borderColor: t.accent }, textStyle: { color: t.faint },
      labelFormatter: (index, name) => (byLoad ? 'rank ' : 'expert ') + name }] : [],
    visualMap: { show: false, dimension: 2, min: -limit, max: limit, inRange: { color: t.diverging } },
    tooltip: tooltip(t, heatTip, {}),
    series: cellSeries(t, heatCells(limit)),
  };
}

function orderBy(load) {
  byLoad = load;
  document.getElementById('order-id').setAttribute('aria-pressed', String(!load));
  document.getElementById('order-load').setAttribute('aria-pressed', String(load));
  redraw('heat');
}

function addHeatMap() {
  data.sums = data.counts.map(counts => counts.reduce((sum, c) => sum + c, 0));
  addChart('heat', heatOption, labelZoom);
  if (document.getElementById('heat')) {
    showRatioTicks('heat-ticks', heatLimit());
    document.getElementById('order-id').addEventListener('click', () => orderBy(false));
    document.getElementById('order-load').addEventListener('click', () => orderBy(true));
  }
}
