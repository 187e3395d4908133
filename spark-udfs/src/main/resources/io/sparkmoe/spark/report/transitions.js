// How far pairs of layers hang together, and the strongest transitions between two of them.
let flowIndex = 0;

const flowTimes = ([, , tokens, row, column], all) => tokens / (row / all * column);

/** Colours run from what loads let expect to a power of two times that, the first that 90 % of the flow stay within. */
function flowDoublings(flow) {
  const logs = flow.links.map(link => Math.log2(flowTimes(link, flow.count))).sort((a, b) => a - b);
  return Math.max(1, Math.min(6, Math.ceil(logs[Math.floor(0.9 * (logs.length - 1))] ?? 1)));
}

function showFlowTicks(limit) {
  const tick = exponent => digits(2 ** exponent, Number.isInteger(exponent) ? 0 : 1) + '×';
  showTicks('transitions-ticks', [tick(0), tick(limit / 2), '≥ ' + tick(limit)]);
}

function flowTip(flow) {
  return item => {
    if (item.dataType === 'edge') {
      const link = item.data.link;
      return tip('Expert ' + link[0] + ' to expert ' + link[1], [
        ['Transitions', count(link[2])],
        ['Of those that leave ' + link[0], percent(link[2] / link[3])],
        ['Of those that reach ' + link[1], percent(link[2] / link[4])],
        ['Times expected', digits(flowTimes(link, flow.count), 2) + '×'],
      ]);
    }
    const leaves = item.name[0] === 'f';
    const own = flow.links.filter(link => link[leaves ? 0 : 1] === Number(item.name.slice(1)));
    const all = own[0][leaves ? 3 : 4];
    return tip('Expert ' + item.name.slice(1) + ' of layer ' + (leaves ? flow.from : flow.to), [
      [leaves ? 'Transitions that leave' : 'Transitions that reach', count(all)],
      ['Of these drawn', percent(own.reduce((sum, link) => sum + link[2], 0) / all)],
    ]);
  };
}

function flowNodes(t, flow) {
  const names = side => [...new Set(flow.links.map(link => link[side]))];
  const node = (prefix, position) => expert => ({ name: prefix + expert, itemStyle: { color: t.accent, borderWidth: 0 },
    label: { position } });
  return [...names(0).map(node('f', 'left')), ...names(1).map(node('t', 'right'))];
}

function flowOption(t) {
  const flow = data.analyses.transitions.flows[flowIndex];
  const limit = flowDoublings(flow);
  const colour = link => css(rampColour(t.diverging.slice(4), Math.log2(flowTimes(link, flow.count)) / limit));
  showFlowTicks(limit);
  const nodes = flowNodes(t, flow);
  const side = Math.max(nodes.filter(node => node.name[0] === 'f').length, nodes.filter(node => node.name[0] === 't').length);
  const title = (text, more) => ({ type: 'text', top: 0, style: { text, fill: t.faint, font: '12px ' + t.font }, ...more });
  return {
    height: Math.max(260, Math.min(640, 20 * side + 60)),
    graphic: [title('experts of layer ' + flow.from, { left: 0 }), title('experts of layer ' + flow.to, { right: 0 })],
    tooltip: tooltip(t, flowTip(flow), {}),
    series: [{ type: 'sankey', left: 44, right: 44, top: 30, bottom: 8, nodeWidth: 10, nodeGap: 7, draggable: false,
      layoutIterations: 64, emphasis: { focus: 'adjacency' }, data: nodes,
      label: { color: t.text, fontSize: 12, formatter: item => item.name.slice(1) },
      links: flow.links.map(link => ({ source: 'f' + link[0], target: 't' + link[1], value: link[2], link,
        lineStyle: { color: colour(link), opacity: 0.75, curveness: 0.5 } })) }],
  };
}

function overviewTip(item) {
  const [from, to, share] = item.data.pair;
  return tip('Layer ' + from + ' to ' + to, [['Elsewhere than by loads', percent(share)]]);
}

/** One pair a layer: a line. */
function overviewLine(t, pairs) {
  return {
    height: 190,
    grid: { left: 60, right: 20, top: 14, bottom: 44 },
    xAxis: axis(t, { type: 'category', data: pairs.map(pair => pair[0] + ' → ' + pair[1]), name: 'layers', nameGap: 26 }),
    yAxis: axis(t, { type: 'value', min: 0, splitNumber: 4, axisLine: { show: false },
      axisLabel: { color: t.faint, fontSize: 12, formatter: share => digits(100 * share, 0) + ' %' } }),
    tooltip: tooltip(t, points => overviewTip(points[0]), { trigger: 'axis', axisPointer: { lineStyle: { color: t.faint } } }),
    series: [{ type: 'line', data: pairs.map(pair => ({ value: pair[2], pair })), symbol: 'circle', showAllSymbol: true,
      symbolSize: pairs.length > 40 ? 4 : 7, lineStyle: { width: 2, color: t.accent }, itemStyle: { color: t.accent } }],
  };
}

/** Many pairs a layer: a map. */
function overviewMap(t, width, pairs) {
  const layers = [...new Set(pairs.flatMap(pair => [pair[0], pair[1]]))].sort((a, b) => a - b);
  const largest = Math.max(...pairs.map(pair => pair[2]));
  document.getElementById('transitions-scale').hidden = false;
  showTicks('transitions-overview-ticks', ['0 %', percent(largest / 2), percent(largest)]);
  const row = Math.max(4, Math.min(26, 420 / layers.length));
  return {
    height: row * layers.length + 56,
    grid: { left: 52, right: 12, top: 8, bottom: 46 },
    xAxis: axis(t, { type: 'category', data: layers.map(String), name: 'to layer', nameGap: 28, ...bare }),
    yAxis: axis(t, { type: 'category', data: layers.map(String), inverse: true, name: 'from layer', nameGap: 34, ...bare }),
    visualMap: { show: false, dimension: 2, min: 0, max: largest, inRange: { color: t.sequential } },
    tooltip: tooltip(t, overviewTip, {}),
    series: cellSeries(t, pairs.map(pair => ({ value: [layers.indexOf(pair[1]), layers.indexOf(pair[0]), pair[2]], pair }))),
  };
}

function overviewOption(t, width) {
  const { pairs } = data.analyses.transitions;
  return new Set(pairs.map(pair => pair[0])).size === pairs.length ? overviewLine(t, pairs) : overviewMap(t, width, pairs);
}

function sayFlow() {
  const { flows } = data.analyses.transitions;
  const flow = flows[flowIndex];
  const drawn = flow.links.reduce((sum, link) => sum + link[2], 0);
  document.getElementById('transitions-said').textContent = 'The ' + flow.links.length
    + ' transitions from layer ' + flow.from + ' to ' + flow.to + ' that stand out most: ' + percent(drawn / flow.count)
    + ' of all ' + count(flow.count) + '.';
}

function showFlow(index) {
  flowIndex = index;
  sayFlow();
  redraw('transitions-flow');
}

/** A click on a pair of layers in the overview shows its flow, where there is one. */
function followClicks(instance) {
  instance.on('click', item => {
    const { flows } = data.analyses.transitions;
    const index = flows.findIndex(flow => flow.from === item.data.pair[0] && flow.to === item.data.pair[1]);
    const select = document.getElementById('transitions-choice');
    if (index >= 0 && select) {
      select.value = String(index);
      showFlow(index);
    }
  });
}

function addTransitions() {
  if (data.analyses.transitions) {
    flowIndex = data.analyses.transitions.start;
    addChart('transitions-overview', overviewOption, followClicks);
    addChart('transitions-flow', flowOption);
    sayFlow();
    onChoice('transitions', flowIndex, showFlow);
  }
}
