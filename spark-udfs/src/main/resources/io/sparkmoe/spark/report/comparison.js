// Two routings of the same tokens: agreement by layer.
const AGREEMENT = {
  cosine: { name: 'cosine of load', digits: 4 },
  saturation: { name: 'saturation (shared of k)' },
  first: { name: 'same first expert' },
  jaccard: { name: 'Jaccard' },
  equal: { name: 'same set' },
};

function comparisonTip(comparison, shown) {
  return points => {
    const index = points[0].dataIndex;
    return tip('Layer ' + comparison.layers[index], shown.map(name => {
      const value = comparison[name][index];
      const style = AGREEMENT[name];
      return [style.name, value === null ? 'undefined' : style.digits ? digits(value, style.digits) : percent(value)];
    }));
  };
}

function comparisonOption(t, comparison) {
  const shown = Object.keys(AGREEMENT).filter(name => comparison[name].some(value => value !== null));
  const decimals = stepDigits([1, ...shown.flatMap(name => comparison[name])]);
  return {
    height: 330,
    grid: { left: 60, right: 20, top: 44, bottom: 46 },
    legend: legend(t, {}),
    xAxis: axis(t, { type: 'category', data: comparison.layers.map(String), name: 'layer', nameGap: 28 }),
    yAxis: axis(t, { type: 'value', scale: true, max: 1, axisLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, formatter: value => digits(value, decimals) } }),
    tooltip: tooltip(t, comparisonTip(comparison, shown), { trigger: 'axis', axisPointer: { lineStyle: { color: t.faint } } }),
    series: shown.map(name => {
      const colour = t.series[Object.keys(AGREEMENT).indexOf(name)];
      return { type: 'line', name: AGREEMENT[name].name, data: comparison[name], symbol: 'circle', showAllSymbol: true,
        symbolSize: comparison.layers.length > 40 ? 4 : 7, lineStyle: { width: 2, color: colour }, itemStyle: { color: colour } };
    }),
  };
}

function addComparisons() {
  for (const element of document.querySelectorAll('[data-comparison]')) {
    addChart(element.id, t => comparisonOption(t, data.analyses[element.dataset.comparison]));
  }
}
