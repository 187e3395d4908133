// Tables sort by a click on a heading: numbers from large to small first, text from a to z first.
function sortKey(row, column, numeric) {
  const cell = row.cells[column];
  return numeric ? (cell.dataset.v === undefined ? null : Number(cell.dataset.v)) : cell.textContent;
}

/** Undefined values stay last in both directions. */
function compare(a, b, sign) {
  if (a === null || b === null) {
    return (a === null) - (b === null);
  }
  return sign * (a < b ? -1 : a > b ? 1 : 0);
}

function sortBy(table, column) {
  const head = table.tHead.rows[0].cells[column];
  const numeric = head.classList.contains('n');
  const was = head.getAttribute('aria-sort');
  const descending = was ? was === 'ascending' : numeric;
  for (const cell of table.tHead.rows[0].cells) {
    cell.removeAttribute('aria-sort');
  }
  head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
  const rows = [...table.tBodies[0].rows].map(row => ({ row, key: sortKey(row, column, numeric) }));
  rows.sort((a, b) => compare(a.key, b.key, descending ? -1 : 1));
  table.tBodies[0].append(...rows.map(entry => entry.row));
}

/** The label becomes a button; a real one would be left blank where a printed table's heading repeats. */
function makeSortable(table, label, column) {
  label.setAttribute('role', 'button');
  label.tabIndex = 0;
  label.addEventListener('click', () => sortBy(table, column));
  label.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      sortBy(table, column);
    }
  });
}

function makeTablesSortable() {
  for (const table of document.querySelectorAll('table')) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => makeSortable(table, cell.firstElementChild, column));
  }
}
