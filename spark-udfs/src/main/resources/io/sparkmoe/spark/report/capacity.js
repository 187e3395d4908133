// Share of ids dropped by capacity factor: a panel a phase, a line a pass size.
let capacityLayer = -1;

function capacityTip(rows, passes) {
  return points => {
    const factor = points[0].axisValue;
    const of = tokens => rows.find(row => row[2] === tokens && row[3] === Number(factor));
    return tip('Capacity factor ' + factor, passes.map(tokens => [tokens, of(tokens)]).filter(([, row]) => row)
      .map(([tokens, row]) => [count(tokens) + (tokens === 1 ? ' token' : ' tokens') + ' a pass',
        percent(row[4]) + ' dropped, ' + (row[5] === null ? '' : percent(row[5]) + ' empty')]));
  };
}

/** The same for every phase, so that their curves compare. */
function capacityTop() {
  const rows = data.analyses.capacity.rows.filter(row => row[0] === capacityLayer);
  const most = Math.max(0.005, ...rows.map(row => row[4]));
  const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find(size => most <= 5 * size) ?? 0.2;
  return { max: Math.ceil(most / step) * step, interval: step };
}

function capacityOption(t, phase) {
  const rows = data.analyses.capacity.rows.filter(row => row[0] === capacityLayer && row[1] === phase);
  const distinct = field => [...new Set(rows.map(row => row[field]))].sort((a, b) => a - b);
  const passes = distinct(2);
  const top = capacityTop();
  const colour = index => css(rampColour(t.sequential, passes.length < 2 ? 0.7 : 0.3 + 0.7 * index / (passes.length - 1)));
  return {
    height: 300,
    grid: { left: 52, right: 18, top: 52, bottom: 46 },
    legend: legend(t, { formatter: name => count(Number(name)) }),
    xAxis: axis(t, { type: 'category', data: distinct(3).map(String), name: 'capacity factor', nameGap: 28, boundaryGap: false }),
    yAxis: axis(t, { type: 'value', min: 0, ...top, axisLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, formatter: share => digits(100 * share, top.interval < 0.01 ? 1 : 0) + ' %' } }),
    tooltip: tooltip(t, capacityTip(rows, passes), { trigger: 'axis', axisPointer: { lineStyle: { color: t.faint } } }),
    series: passes.map((tokens, index) => ({
      type: 'line', name: String(tokens), symbol: 'circle', symbolSize: 7, showAllSymbol: true,
      lineStyle: { width: 2, color: colour(index) }, itemStyle: { color: colour(index) },
      data: distinct(3).map(factor => {
        const row = rows.find(candidate => candidate[2] === tokens && candidate[3] === factor);
        return row ? row[4] : null;
      }),
    })),
  };
}

function addCapacity() {
  const elements = [...document.querySelectorAll('[data-capacity]')];
  elements.forEach(element => addChart(element.id, t => capacityOption(t, Number(element.dataset.capacity))));
  onChoice('capacity', -1, layer => {
    capacityLayer = layer;
    elements.forEach(element => redraw(element.id));
  });
}
