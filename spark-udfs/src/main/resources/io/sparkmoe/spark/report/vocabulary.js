// Token ids by how far they choose their first expert.
let vocabularyLayer = -1;

function vocabularyBins() {
  const { histograms } = data.analyses.vocabulary;
  return vocabularyLayer >= 0 ? histograms[vocabularyLayer]
    : histograms[0].map((_, bin) => histograms.reduce((sum, histogram) => sum + histogram[bin], 0));
}

function vocabularyTip(bins) {
  const all = bins.reduce((sum, ids) => sum + ids, 0);
  return points => {
    const bin = points[0].dataIndex;
    const width = 100 / bins.length;
    return tip('Top share ' + digits(bin * width, 0) + ' to ' + digits((bin + 1) * width, 0) + '\u00a0%', [
      [vocabularyLayer < 0 ? 'Token ids, over layers' : 'Token ids', count(bins[bin])],
      ['Of all', percent(all ? bins[bin] / all : 0)],
    ]);
  };
}

function histogramOption(t) {
  const bins = vocabularyBins();
  return {
    height: 230,
    grid: { left: 60, right: 16, top: 14, bottom: 44 },
    xAxis: axis(t, { type: 'category', data: bins.map((_, bin) => digits(100 * bin / bins.length, 0) + ' %'),
      name: 'top share, from', nameGap: 26, splitLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, interval: bin => bin % 4 === 0 } }),
    yAxis: axis(t, { type: 'value', splitNumber: 4, axisLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, formatter: value => count(value) } }),
    tooltip: tooltip(t, vocabularyTip(bins), { trigger: 'axis', axisPointer: { type: 'shadow', shadowStyle: { color: t.band, opacity: 0.5 } } }),
    series: [{ type: 'bar', data: bins, barCategoryGap: '12%', itemStyle: { color: t.accent } }],
  };
}

function addVocabulary() {
  if (data.analyses.vocabulary) {
    const { layers, means } = data.analyses.vocabulary;
    addChart('vocabulary-means', t => ({ ...lineOption(t, means, { name: 'Mean top share', percent: true }, layers), height: 230 }));
    addChart('vocabulary-histogram', histogramOption);
    onChoice('vocabulary', -1, layer => {
      vocabularyLayer = layer;
      redraw('vocabulary-histogram');
    });
  }
}
