// Padding waste: tokens a pass by block size, one map a phase.
let paddingLayer = -1;

function paddingRows(phase) {
  const index = data.phases.indexOf(phase);
  return data.padding.filter(row => row[0] === paddingLayer && row[1] === index && row[6] > 0);
}

/** Linear between the ramp's colours; share in 0..1. */
function rampColour(ramp, share) {
  const at = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const low = Math.min(ramp.length - 2, Math.floor(at));
  const channel = (colour, i) => parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16);
  return [0, 1, 2].map(i => channel(ramp[low], i) + (at - low) * (channel(ramp[low + 1], i) - channel(ramp[low], i)));
}

/** Black or white, whichever stands out more. */
function labelColour([red, green, blue]) {
  const linear = c => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return luminance > 0.18 ? '#111' : '#fff';
}

function paddingTip(cell) {
  const [, , tokens, blockSize, passes, blocks, slots, used] = cell.data.row;
  return tip(count(tokens) + (tokens === 1 ? ' token' : ' tokens') + ' a pass, block size ' + blockSize, [
    ['Waste', percent(1 - used / slots)], ['Passes', count(passes)], ['Blocks', count(blocks)],
    ['Slots', count(slots)], ['Used', count(used)],
  ]);
}

function paddingOption(t, width, phase) {
  const rows = paddingRows(phase);
  const distinct = field => [...new Set(rows.map(row => row[field]))].sort((a, b) => a - b);
  const passes = distinct(2);
  const blockSizes = distinct(3);
  const cells = rows.map(row => {
    const colour = rampColour(t.sequential, 1 - row[7] / row[6]);
    return {
      value: [blockSizes.indexOf(row[3]), passes.indexOf(row[2]), 1 - row[7] / row[6]], row,
      itemStyle: { color: 'rgb(' + colour.map(Math.round).join(',') + ')' }, label: { color: labelColour(colour) },
    };
  });
  const room = (width - 84) / blockSizes.length;
  return {
    height: passes.length * 38 + 58,
    grid: { left: 74, right: 10, top: 6, bottom: 46 },
    xAxis: axis(t, { type: 'category', data: blockSizes.map(String), name: 'block size', nameGap: 28,
      axisLine: { show: false }, splitLine: { show: false } }),
    yAxis: axis(t, { type: 'category', data: passes.map(count), name: 'tokens a pass', nameGap: 54,
      axisLine: { show: false }, splitLine: { show: false } }),
    tooltip: tooltip(t, paddingTip, {}),
    series: [{ type: 'heatmap', data: cells,
      label: { show: room > 24, fontSize: room < 60 ? 10 : 13,
        formatter: cell => digits(100 * cell.value[2], 1) + (room < 50 ? '' : '\u00a0%') },
      itemStyle: { borderColor: t.panel, borderWidth: 2 },
      emphasis: { itemStyle: { color: 'inherit', borderColor: t.text, borderWidth: 2 } } }],
  };
}

function addPadding() {
  const elements = [...document.querySelectorAll('[data-phase]')];
  for (const element of elements) {
    addChart(element.id, (t, width) => paddingOption(t, width, element.dataset.phase));
  }
  const select = document.getElementById('padding-layer');
  if (select) {
    select.addEventListener('change', () => {
      paddingLayer = Number(select.value);
      elements.forEach(element => redraw(element.id));
    });
  }
}
