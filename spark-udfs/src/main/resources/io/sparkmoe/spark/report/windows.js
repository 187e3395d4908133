// Imbalance over time: windows by layers, and the middle layer with the span of all.
const windowName = (windows, from, to) => windows.unit + (from === to ? ' ' + count(from) : 's ' + count(from) + ' to ' + count(to));

function windowTip(windows) {
  return cell => {
    const [column, row, , imbalance, expert, after, length] = cell.data;
    const from = windows.columns[column][0] + after;
    const to = from + length;
    return tip('Layer ' + windows.layers[row] + ', ' + windowName(windows, from, to), [
      ['Max / mean', digits(imbalance, 2) + '×'], ['Busiest expert', String(expert)],
    ]);
  };
}

/** Ids of windows' sections whose colours are held against each layer's own middle window. */
const againstUsual = new Set();

/** log2 of each peak over the middle of its layer's. */
function peaksAgainstUsual(windows) {
  const middles = windows.layers.map((_, layer) => {
    const values = windows.peaks.filter(peak => peak[1] === layer).map(peak => peak[2]).sort((a, b) => a - b);
    return values[Math.floor((values.length - 1) / 2)];
  });
  return windows.peaks.map(peak => Math.log2(peak[2] / middles[peak[1]]));
}

/** The colours of the cells: where they end, and each cell's place among them. */
function windowScale(t, windows, id) {
  const usual = againstUsual.has(id);
  document.getElementById(id + '-ramp').classList.toggle('rising', !usual);
  if (usual) {
    const logs = peaksAgainstUsual(windows);
    const limit = scaleLimit(logs);
    showRatioTicks(id + '-ticks', limit);
    return { min: -limit, max: limit, colours: t.diverging, places: logs.map(log => Math.max(-limit, Math.min(limit, log))) };
  }
  const limit = windowLimit(windows);
  showTicks(id + '-ticks', ['1×', digits((1 + limit) / 2, 1) + '×', '≥ ' + digits(limit, 1) + '×']);
  return { min: 1, max: limit, colours: t.sequential, places: windows.peaks.map(peak => Math.min(limit, peak[2])) };
}

/** The scale ends where 99 % of the cells stay below, so that one odd window does not fade the rest. */
function windowLimit(windows) {
  const values = windows.peaks.map(peak => peak[2]).sort((a, b) => a - b);
  return Math.max(1.1, values[Math.floor(0.99 * (values.length - 1))]);
}

function windowAxis(t, windows, width, more) {
  const starts = windows.columns.map(column => count(column[0]));
  const step = Math.ceil(starts.length * (12 + 7 * starts[starts.length - 1].length) / (width - 64));
  return axis(t, { type: 'category', data: starts, name: windows.unit, nameGap: 28, ...bare,
    axisLabel: { color: t.faint, fontSize: 12, interval: column => column % step === 0 }, ...more });
}

function windowOption(t, width, windows, id) {
  const scale = windowScale(t, windows, id);
  const row = rowHeight(windows.layers.length);
  const cells = windows.peaks.map(([column, layer, ...rest], index) => [column, layer, scale.places[index], ...rest]);
  return {
    height: row * windows.layers.length + 56,
    grid: { left: 60, right: 12, top: 8, bottom: 46 },
    xAxis: windowAxis(t, windows, width, {}),
    yAxis: axis(t, { type: 'category', data: windows.layers.map(String), inverse: true, name: 'layer', nameGap: 34, ...bare }),
    visualMap: { show: false, dimension: 2, min: scale.min, max: scale.max, inRange: { color: scale.colours } },
    tooltip: tooltip(t, windowTip(windows), {}),
    series: cellSeries(t, cells),
  };
}

/** Of each column: least, middle (the lower of two) and most imbalanced layer; null without ids. */
function windowSpan(windows) {
  const columns = windows.columns.map(() => []);
  windows.peaks.forEach(peak => columns[peak[0]].push(peak[2]));
  return columns.map(values => {
    values.sort((a, b) => a - b);
    return values.length ? [values[0], values[Math.floor((values.length - 1) / 2)], values[values.length - 1]] : null;
  });
}

function bandTip(windows, span) {
  return points => {
    const column = points[0].dataIndex;
    const title = windowName(windows, ...windows.columns[column]);
    const show = index => (span[column] ? digits(span[column][index], 2) + '×' : 'no ids');
    return tip(title.charAt(0).toUpperCase() + title.slice(1),
      [['Most imbalanced layer', show(2)], ['Middle layer', show(1)], ['Least imbalanced layer', show(0)]]);
  };
}

function bandOption(t, width, windows) {
  const span = windowSpan(windows);
  const line = (name, values, more) => ({ type: 'line', name, data: values, symbol: 'none', ...more });
  const hidden = { lineStyle: { opacity: 0 }, stack: 'span', silent: true };
  return {
    height: 240,
    grid: { left: 60, right: 12, top: 34, bottom: 46 },
    legend: legend(t, { data: ['middle layer', 'least to most imbalanced'] }),
    xAxis: windowAxis(t, windows, width, { boundaryGap: true }),
    yAxis: axis(t, { type: 'value', scale: true, splitNumber: 4, axisLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, formatter: value => digits(value, 1) + '×' } }),
    tooltip: tooltip(t, bandTip(windows, span), { trigger: 'axis', axisPointer: { lineStyle: { color: t.faint } } }),
    series: [
      line('lowest', span.map(values => values && values[0]), hidden),
      line('least to most imbalanced', span.map(values => values && values[2] - values[0]),
        { ...hidden, areaStyle: { color: t.band, opacity: 1 }, itemStyle: { color: t.band } }),
      line('middle layer', span.map(values => values && values[1]),
        { lineStyle: { width: 2.5, color: t.accent }, itemStyle: { color: t.accent }, z: 4 }),
    ],
  };
}

function addWindows() {
  for (const element of document.querySelectorAll('[data-windows]')) {
    const id = element.dataset.windows;
    addChart(element.id, (t, width) => windowOption(t, width, data.analyses[id], id));
    choose([id + '-mean', id + '-usual'], index => {
      againstUsual[index === 1 ? 'add' : 'delete'](id);
      redraw(element.id);
    });
    addChart(id + '-band', (t, width) => bandOption(t, width, data.analyses[id]));
  }
}
