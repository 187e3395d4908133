// Data, theme and the life of the charts: drawn on load, and again when the theme, the width or the medium changes.
const data = JSON.parse(document.getElementById('report-data').textContent);
const charts = [];
let printing = false;

/** Colours come from the style sheet, so that page and charts cannot disagree. */
function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue('--' + name).trim();
  const ramp = (name, n) => Array.from({ length: n }, (_, i) => colour(name + (i + 1)));
  return {
    text: colour('text'), faint: colour('faint'), line: colour('line'), page: colour('page'), panel: colour('panel'),
    accent: colour('accent'), band: colour('band'),
    diverging: ramp('d', 7), sequential: ramp('s', 6), series: ramp('c', 5),
    font: getComputedStyle(document.body).fontFamily,
  };
}

function addChart(id, option, drawn = () => {}) {
  const element = document.getElementById(id);
  if (element) {
    charts.push({ element, option, drawn, instance: null, width: 0 });
  }
}

function draw(chart) {
  if (chart.instance) {
    chart.instance.dispose();
  }
  const ratio = printing ? 2 : window.devicePixelRatio;
  const t = theme();
  chart.width = chart.element.clientWidth;
  const { height, ...option } = chart.option(t, chart.width);
  chart.element.style.height = height + 'px';
  chart.instance = echarts.init(chart.element, null, { renderer: 'canvas', devicePixelRatio: ratio });
  chart.instance.setOption({ animation: false, textStyle: { fontFamily: t.font, color: t.text }, ...option });
  chart.drawn(chart.instance);
}

function redraw(id) {
  charts.filter(chart => !id || chart.element.id === id).forEach(draw);
}

function setPrinting(on) {
  printing = on;
  document.documentElement.classList.toggle('printing', on);
  redraw();
}

/** A tooltip as elements: nothing in it is ever parsed as HTML. */
function tip(title, rows) {
  const box = document.createElement('div');
  const head = document.createElement('b');
  head.textContent = title;
  const list = document.createElement('dl');
  for (const [name, value] of rows) {
    list.append(Object.assign(document.createElement('dt'), { textContent: name }));
    list.append(Object.assign(document.createElement('dd'), { textContent: value }));
  }
  box.append(head, list);
  return box;
}

function tooltip(t, formatter, more) {
  return {
    confine: true, className: 'tip', transitionDuration: 0, formatter,
    backgroundColor: t.panel, borderColor: t.line, textStyle: { color: t.text, fontSize: 13 }, ...more,
  };
}

function axis(t, more) {
  return {
    axisLine: { lineStyle: { color: t.line } }, axisTick: { show: false }, splitLine: { lineStyle: { color: t.line } },
    axisLabel: { color: t.faint, fontSize: 12, hideOverlap: true },
    nameTextStyle: { color: t.faint, fontSize: 12 }, nameLocation: 'middle', ...more,
  };
}

function legend(t, more) {
  return { top: 0, left: 0, itemWidth: 18, itemHeight: 9, itemGap: 18, icon: 'roundRect', selectedMode: false,
    textStyle: { color: t.text, fontSize: 12 }, ...more };
}

/** The smallest power of two that leaves each label room. */
const labelStep = (labels, width) =>
  2 ** Math.max(0, Math.ceil(Math.log2((10 + 8 * String(data.experts).length) * labels / width)));

const digits = (value, n) => value.toLocaleString('en-US', { minimumFractionDigits: n, maximumFractionDigits: n });
const count = value => value.toLocaleString('en-US');
const percent = share => digits(100 * share, share !== 0 && 100 * share < 9.995 ? 2 : 1) + '\u00a0%';

function start() {
  addHeatMap();
  addLines();
  addPadding();
  addCoactivation();
  addTransitions();
  addComparisons();
  addDomains();
  addVocabulary();
  addWindows();
  addCapacity();
  makeTablesSortable();
  redraw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw());
  window.addEventListener('beforeprint', () => setPrinting(true));
  window.addEventListener('afterprint', () => setPrinting(false));
  new ResizeObserver(() => charts.filter(chart => chart.element.clientWidth !== chart.width).forEach(draw))
    .observe(document.querySelector('main'));
}
