// Domains by experts of one layer.
let domainLayer = null;
let domainsAgainstAll = false;
let domainsOrdered = true;

/** The layer's map as drawn: its columns' experts, and the log2 of a row's cell; row 0 is all domains together. */
function domainMap() {
  const { bins, domains, layers } = data.analyses.domains;
  const layer = layers[domainLayer];
  const byDomain = unpackIds(layer.order);
  const order = domainsOrdered ? byDomain : byDomain.map((_, expert) => expert);
  const cells = unpack(bins < order.length && !domainsOrdered ? layer.cellsById : layer.cells);
  const column = bin => (bins === order.length ? order[bin] : bin);
  const even = (row, bin) => doublings(cells[row * bins + column(bin)]);
  const log = (row, bin) => {
    const all = even(0, bin);
    const own = even(row, bin);
    return !domainsAgainstAll || own === null ? own : all === null || all === -Infinity ? null : own - all;
  };
  return { bins, order, names: ['all domains', ...domains], even, log, place: row => (row > 0 ? row + 1 : 0) };
}

function domainTip(map) {
  return cell => {
    const [bin, , , row] = cell.data;
    const { even } = data.analyses.domains;
    const own = map.even(row, bin);
    const all = map.even(0, bin);
    const experts = binMembers(map.order, bin, map.bins);
    const title = map.names[row] + ', ' + expertNames(experts);
    return tip(title, [
      [experts.length > 1 ? 'Share of its tokens, mean' : 'Share of its tokens', percent(own === null ? 0 : even * 2 ** own)],
      ['Times k / E', ratioText(own)],
      ...(row > 0 && all !== null && all !== -Infinity ? [['Times all domains', ratioText(own === null ? null : own - all)]] : []),
    ]);
  };
}

function domainColumns(t, map, width) {
  const step = labelStep(map.bins, width - 140);
  return axis(t, { type: 'category', ...bare, nameGap: domainsOrdered ? 12 : 28,
    data: Array.from({ length: map.bins }, (_, bin) => String(binMembers(map.order, bin, map.bins)[0])),
    name: domainsOrdered ? 'experts, by the domain that prefers them' : 'expert',
    axisLabel: { show: !domainsOrdered, color: t.faint, fontSize: 12, interval: bin => bin % step === 0 } });
}

function domainOption(t, width) {
  const map = domainMap();
  const cells = [];
  map.names.forEach((_, row) => {
    for (let bin = 0; bin < map.bins; bin++) {
      const log = map.log(row, bin);
      if (log !== null) {
        cells.push([bin, map.place(row), log, row]);
      }
    }
  });
  const limit = scaleLimit(cells.map(cell => cell[2]), 0.85);
  cells.forEach(cell => { cell[2] = Math.max(-limit, Math.min(limit, cell[2])); });
  showRatioTicks('domains-ticks', limit);
  const left = Math.min(150, width / 4);
  return {
    height: 28 * map.names.length + 66,
    grid: { left, right: 8, top: 8, bottom: 46 },
    xAxis: domainColumns(t, map, width),
    yAxis: axis(t, { type: 'category', inverse: true, data: [map.names[0], '', ...map.names.slice(1)], ...bare,
      axisLabel: { color: t.text, fontSize: 12, width: left - 14, overflow: 'truncate', interval: 0 } }),
    visualMap: { show: false, dimension: 2, min: -limit, max: limit, inRange: { color: t.diverging } },
    tooltip: tooltip(t, domainTip(map), {}),
    series: cellSeries(t, cells),
  };
}

function addDomains() {
  if (!data.analyses.domains) {
    return;
  }
  domainLayer = data.analyses.domains.start;
  addChart('domains-map', domainOption);
  onChoice('domains', domainLayer, layer => {
    domainLayer = layer;
    redraw('domains-map');
  });
  choose(['domains-even', 'domains-all'], index => {
    domainsAgainstAll = index === 1;
    redraw('domains-map');
  });
  choose(['domains-ordered', 'domains-by-id'], index => {
    domainsOrdered = index === 0;
    redraw('domains-map');
  });
}
