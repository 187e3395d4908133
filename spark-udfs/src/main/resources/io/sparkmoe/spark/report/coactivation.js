// Experts by experts of one layer: how often tokens name both, against uniform routing.
let pairLayer = null;
let pairsClustered = true;

/** The layer's map as drawn: bins a side, the experts in their order, and the packed triangle's cell of two bins. */
function pairMap() {
  const { bins, binsById, layers } = data.analyses.coactivation;
  const layer = layers[pairLayer];
  const order = unpackIds(layer.order);
  const triangle = (cells, a, b) => cells[Math.max(a, b) * (Math.max(a, b) + 1) / 2 + Math.min(a, b)];
  if (bins < order.length) {
    const cells = unpack(pairsClustered ? layer.cells : layer.cellsById);
    const shown = pairsClustered ? order : order.map((_, expert) => expert);
    return { bins: pairsClustered ? bins : binsById, order: shown, cell: (a, b) => triangle(cells, a, b) };
  }
  const cells = unpack(layer.cells);
  const shown = pairsClustered ? order : order.map((_, expert) => expert);
  return { bins, order: shown, cell: (a, b) => triangle(cells, shown[a], shown[b]) };
}

function pairTip(map) {
  return cell => {
    const [a, b, , log] = cell.data;
    const [first, second] = [binMembers(map.order, b, map.bins), binMembers(map.order, a, map.bins)];
    const title = a === b ? 'Among ' + expertNames(first) : expertNames(first) + ' with ' + expertNames(second);
    return tip(title.charAt(0).toUpperCase() + title.slice(1), [
      ['Times uniform', ratioText(log)],
      ['Lift', ratioText(log === null ? null : log + Math.log2(data.analyses.coactivation.uniform))],
    ]);
  };
}

function pairAxis(t, map, size, more) {
  const single = map.bins === map.order.length;
  const step = labelStep(map.bins, size);
  const start = bin => String(binMembers(map.order, bin, map.bins)[0]);
  return axis(t, { type: 'category', data: Array.from({ length: map.bins }, (_, bin) => start(bin)), ...bare,
    name: pairsClustered ? 'experts, by cluster' : 'expert', nameGap: pairsClustered ? 10 : 28,
    axisLabel: { show: !pairsClustered, color: t.faint, fontSize: 12,
      interval: bin => (single ? bin % step === 0 : bin % 8 === 0) }, ...more });
}

function pairOption(t, width) {
  const map = pairMap();
  const cells = [];
  for (let a = 0; a < map.bins; a++) {
    for (let b = 0; b < map.bins; b++) {
      const log = doublings(map.cell(a, b));
      if (log !== null && (a !== b || map.bins < map.order.length)) {
        cells.push([a, b, log, log]);
      }
    }
  }
  // Pairs that hardly ever meet are many and would fade the rest.
  const limit = scaleLimit(cells.map(cell => cell[3]), 0.85);
  cells.forEach(cell => { cell[2] = Math.max(-limit, Math.min(limit, cell[3])); });
  showRatioTicks('coactivation-ticks', limit);
  const margin = pairsClustered ? 26 : 46;
  return {
    height: width,
    grid: { left: margin, right: 4, top: 4, bottom: margin - 4 },
    xAxis: pairAxis(t, map, width - margin, {}),
    yAxis: pairAxis(t, map, width - margin, { inverse: true }),
    visualMap: { show: false, dimension: 2, min: -limit, max: limit, inRange: { color: t.diverging } },
    tooltip: tooltip(t, pairTip(map), {}),
    series: cellSeries(t, cells),
  };
}

function showPairs() {
  const { uniform, layers } = data.analyses.coactivation;
  const lines = layers[pairLayer].strongest.map(([expert, other, tokens, lift]) => {
    const line = document.createElement('li');
    const strong = document.createElement('strong');
    strong.textContent = 'Experts ' + expert + ' and ' + other;
    line.append(strong, digits(lift / uniform, 2) + '× uniform routing, by ' + count(tokens) + ' tokens');
    return line;
  });
  const none = Object.assign(document.createElement('li'), { textContent: 'None that enough tokens name.' });
  document.getElementById('coactivation-pairs').replaceChildren(...(lines.length ? lines : [none]));
  document.getElementById('coactivation-head').textContent = 'Strongest pairs of layer ' + pairLayer;
}

function addCoactivation() {
  if (!data.analyses.coactivation) {
    return;
  }
  pairLayer = data.analyses.coactivation.start;
  addChart('coactivation-map', pairOption);
  showPairs();
  onChoice('coactivation', pairLayer, layer => {
    pairLayer = layer;
    showPairs();
    redraw('coactivation-map');
  });
  choose(['coactivation-clustered', 'coactivation-by-id'], index => {
    pairsClustered = index === 0;
    redraw('coactivation-map');
  });
}
