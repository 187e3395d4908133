// Maps whose cells come as bytes on a logarithmic scale; the Java class PackedCells writes them.
const unpack = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

/** Two bytes an id, the lower first. */
function unpackIds(text) {
  const bytes = unpack(text);
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i] + 256 * bytes[2 * i + 1]);
}

/** log2 of a cell's ratio: null without a value, -Infinity for zero. */
const doublings = cell => (cell === 0 ? null : cell === 1 ? -Infinity : (cell - 2) * 12 / 253 - 6);

function ratioText(log) {
  if (log === null) {
    return 'undefined';
  }
  const ratio = 2 ** log;
  const nearly = ratio >= 63.9 ? '≥ ' : log !== -Infinity && ratio <= 0.0157 ? '≤ ' : '';
  return nearly + digits(ratio, ratio < 0.095 ? 3 : 2) + '×';
}

/** The scale ends at 2, 4 or 16 times and its inverse: the first that this share of the values (log2) stays within. */
function scaleLimit(logs, share = 0.95) {
  const distances = logs.filter(log => log !== null).map(log => Math.min(4, Math.abs(log)));
  distances.sort((a, b) => a - b);
  const far = distances[Math.floor(share * distances.length)] ?? 1;
  return far <= 1 ? 1 : far <= 2 ? 2 : 4;
}

function showTicks(id, labels) {
  document.getElementById(id).replaceChildren(
    ...labels.map(label => Object.assign(document.createElement('span'), { textContent: label })));
}

function showRatioTicks(id, limit) {
  const tick = exponent => (exponent < 0 ? '1/' + 2 ** -exponent : 2 ** exponent) + '×';
  const exponents = limit === 1 ? [-1, 0, 1] : [-limit, -limit / 2, 0, limit / 2, limit];
  showTicks(id, exponents.map((exponent, i) =>
    (i === 0 ? '≤ ' : i === exponents.length - 1 ? '≥ ' : '') + tick(exponent)));
}

/** The experts of one bin of a map, which holds consecutive places of an order. */
function binMembers(order, bin, bins) {
  const from = Math.ceil(bin * order.length / bins);
  return order.slice(from, Math.ceil((bin + 1) * order.length / bins));
}

function expertNames(experts) {
  const shown = experts.slice(0, 8).join(', ') + (experts.length > 8 ? ' and ' + (experts.length - 8) + ' more' : '');
  return (experts.length === 1 ? 'expert ' : 'experts ') + shown;
}

const css = channels => 'rgb(' + channels.map(Math.round).join(',') + ')';

/** Buttons of which one is pressed: calls back with the index of the one pressed. */
function choose(ids, chosen) {
  const buttons = ids.map(id => document.getElementById(id));
  buttons.forEach((button, index) => button.addEventListener('click', () => {
    buttons.forEach(other => other.setAttribute('aria-pressed', String(other === button)));
    chosen(index);
  }));
}

/** A section's selector, set to where its charts start; without one (a single entry) nothing changes. */
function onChoice(id, start, chosen) {
  const select = document.getElementById(id + '-choice');
  if (select) {
    select.value = String(start);
    select.addEventListener('change', () => chosen(Number(select.value)));
  }
}

/** A heat map of cells [column, row, value, ...]; columns and rows are category axes. */
function cellSeries(t, cells) {
  return [{ type: 'heatmap', data: cells, progressive: 0,
    emphasis: { itemStyle: { color: 'inherit', borderColor: t.text, borderWidth: 1.5 } } }];
}

const bare = { axisLine: { show: false }, splitLine: { show: false } };
