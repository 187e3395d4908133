// Metrics by layer, and top-N coverage.
const LINES = {
  imbalance_max_mean: { name: 'Max / mean', digits: 2 },
  cv: { name: 'CV', digits: 3 },
  gini: { name: 'Gini', digits: 3 },
  entropy_normalized: { name: 'Entropy / ln E', digits: 4 },
};

function lineTip(values, style, layers) {
  return points => {
    const index = points[0].dataIndex;
    const value = values[index];
    const shown = value === null ? 'undefined' : style.percent ? percent(value) : digits(value, style.digits);
    return tip('Layer ' + layers[index], [[style.name, shown]]);
  };
}

/** As many decimals as steps of a fifth of the range need. */
function stepDigits(values) {
  const known = values.filter(value => value !== null);
  const range = Math.max(...known) - Math.min(...known);
  return range > 0 ? Math.min(6, Math.max(0, Math.ceil(-Math.log10(range / 5)))) : 2;
}

function lineOption(t, values, style, layers = data.layers) {
  const decimals = stepDigits(style.percent ? values.map(value => 100 * value) : values);
  const label = value => (style.percent ? digits(100 * value, decimals) + ' %' : digits(value, decimals));
  return {
    height: 210,
    grid: { left: 52, right: 16, top: 14, bottom: 44 },
    xAxis: axis(t, { type: 'category', data: layers.map(String), name: 'layer', nameGap: 26 }),
    yAxis: axis(t, { type: 'value', scale: true, splitNumber: 4, axisLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, formatter: label } }),
    tooltip: tooltip(t, lineTip(values, style, layers), { trigger: 'axis', axisPointer: { lineStyle: { color: t.faint } } }),
    series: [{
      type: 'line', data: values, symbol: 'circle', symbolSize: values.length > 40 ? 4 : 7,
      showAllSymbol: true, lineStyle: { width: 2, color: t.accent }, itemStyle: { color: t.accent },
    }],
  };
}

function coverageTip(points) {
  const n = points[0].dataIndex;
  return tip('The ' + (n + 1) + ' busiest of ' + data.experts + ' experts', [
    ['Most concentrated layer', percent(data.coverage.highest[n])],
    ['Middle layer', percent(data.coverage.median[n])],
    ['Least concentrated layer', percent(data.coverage.lowest[n])],
    ['Equal loads', percent((n + 1) / data.experts)],
  ]);
}

function coverageOption(t, width) {
  const { lowest, median, highest } = data.coverage;
  const step = labelStep(data.experts, width - 80);
  const line = (name, values, more) => ({ type: 'line', name, data: values, symbol: 'none', ...more });
  const hidden = { lineStyle: { opacity: 0 }, stack: 'span', silent: true };
  return {
    height: 320,
    grid: { left: 60, right: 20, top: 40, bottom: 46 },
    legend: legend(t, { left: 52, data: ['middle layer', 'least to most concentrated', 'equal loads'] }),
    xAxis: axis(t, { type: 'category', data: median.map((_, n) => String(n + 1)), name: 'N busiest experts', nameGap: 28,
      boundaryGap: false, splitLine: { show: false }, axisLabel: { color: t.faint, fontSize: 12,
        interval: (n, name) => n === 0 || (Number(name) % step === 0) } }),
    yAxis: axis(t, { type: 'value', max: 1, axisLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, formatter: share => Math.round(100 * share) + ' %' } }),
    tooltip: tooltip(t, coverageTip, { trigger: 'axis', axisPointer: { lineStyle: { color: t.faint } } }),
    series: [
      line('lowest', lowest, hidden),
      line('least to most concentrated', highest.map((share, n) => share - lowest[n]),
        { ...hidden, areaStyle: { color: t.band, opacity: 1 }, itemStyle: { color: t.band } }),
      line('middle layer', median, { lineStyle: { width: 2.5, color: t.accent }, itemStyle: { color: t.accent } }),
      line('equal loads', median.map((_, n) => (n + 1) / data.experts),
        { lineStyle: { width: 1.5, type: 'dashed', color: t.faint }, itemStyle: { color: t.faint } }),
    ],
  };
}

function addLines() {
  for (const [metric, style] of Object.entries(LINES)) {
    addChart('line-' + metric, t => lineOption(t, data.metrics[metric], style));
  }
  addChart('coverage-chart', coverageOption);
}
