'use strict';
(() => {
  const form = document.getElementById('filtres');
  const said = document.getElementById('compte');
  const rows = [...document.querySelectorAll('tr[data-kind]')];
  const field = (name) => form.elements.namedItem(name);
  const lists = [...new Set(rows.map((row) => row.dataset.list).filter(Boolean))].sort();
  for (const list of lists) {
    const option = document.createElement('option');
    option.value = option.textContent = list;
    field('liste').append(option);
  }
  const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const words = new Map(rows.map((row) => [row, plain(row.textContent)]));
  const checked = (name) => new Set([...form.querySelectorAll(`input[name="${name}"]:checked`)].map((box) => box.value));
  const boxes = [...form.querySelectorAll('input[type=checkbox]')];
  const total = (kind) => rows.filter((row) => row.dataset.kind === kind).length;
  const all = { row: total('row'), finding: total('finding') };
  let waiting = 0;

  const apply = () => {
    const list = field('liste').value;
    const level = field('niveau').value;
    const asked = plain(field('texte').value).split(/\s+/).filter(Boolean);
    const status = checked('etat');
    const severity = checked('gravite');
    const shown = { row: 0, finding: 0 };
    for (const row of rows) {
      const { kind } = row.dataset;
      const own = kind === 'row'
        ? (!list || row.dataset.list === list) && (!level || row.dataset.level === level) && status.has(row.dataset.status)
        : severity.has(row.dataset.severity);
      const visible = own && asked.every((word) => words.get(row).includes(word));
      row.hidden = !visible;
      if (visible) shown[kind] += 1;
    }
    for (const empty of document.querySelectorAll('[data-empty]')) {
      const table = document.getElementById(empty.dataset.empty);
      const some = [...table.tBodies[0].rows].some((row) => !row.hidden);
      table.hidden = !some;
      empty.hidden = some;
    }
    form.classList.toggle('filtered', shown.row !== all.row || shown.finding !== all.finding);
    clearTimeout(waiting);
    // A screen reader hears the count once the typing stops.
    waiting = setTimeout(() => {
      said.textContent = said.dataset.words.replace('%1', shown.row).replace('%2', all.row).replace('%3', shown.finding).replace('%4', all.finding);
    }, 150);
  };
  const reset = () => {
    form.reset();
    for (const box of boxes) box.checked = true;
    apply();
  };
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(apply));
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.target.tagName === 'SELECT') return;
    event.preventDefault();
    reset();
  });
  // A link to a row that a filter hides would lead nowhere.
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.getAttribute('href').slice(1));
    if (target && target.hidden) reset();
  });
  form.hidden = false;
  apply();
})();
