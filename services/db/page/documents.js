// Documents as a table, as a tree, and as the schema that can be guessed from them. All of it goes into the page as text.
const COLUMNS_MAX = 7;
const CHILDREN_MAX = 100;

export const views = { table, tree, schema };

function table(items, open) {
  const names = fieldsOf(items).slice(0, COLUMNS_MAX);
  const head = row('th', ['id', ...names.map(({ name }) => name)]);
  const rows = items.map((item) => {
    const cells = [
      cell('td', openButton(item.id, open)),
      ...names.map(({ name }) => valueCell(Object.hasOwn(item, name) ? item[name] : undefined)),
    ];
    return element('tr', {}, cells);
  });
  return [element('table', {}, [element('thead', {}, [head]), element('tbody', {}, rows)])];
}

function tree(items, open) {
  const entries = items.map(({ id, ...rest }) => {
    const summary = element('summary', { className: 'key', textContent: id });
    const details = element('details', { open: items.length < 6 }, [summary, branch(rest)]);
    // Beside what opens the branch: one of two that stand in each other would be out of reach for keys.
    return element('li', { className: 'entry' }, [details, openButton(id, open, 'Edit')]);
  });
  return [element('ul', {}, entries)];
}

function branch(value) {
  const entries = Object.entries(value);
  const shown = entries.slice(0, CHILDREN_MAX).map(([key, child]) => leaf(key, child));
  const rest = entries.length - shown.length;
  if (rest > 0) shown.push(element('li', { className: 'quiet', textContent: `and ${rest} more` }));
  return element('ul', {}, shown);
}

function leaf(key, value) {
  const name = element('span', { className: 'key', textContent: key });
  if (typeof value !== 'object' || value === null)
    return element('li', {}, [name, ` ${JSON.stringify(value)}`]);
  const size = element('span', { className: 'quiet', textContent: ` ${typeOf(value)}` });
  const details = element('details', {}, [element('summary', {}, [name, size])]);
  // A branch is drawn when it is opened: a document may be large.
  details.addEventListener('toggle', () => details.children.length === 1 && details.append(branch(value)));
  return element('li', {}, [details]);
}

function schema(items) {
  const rows = fieldsOf(items).map(({ name, types, count, example }) =>
    row('td', [
      name,
      [...types].join(' or '),
      count === items.length ? 'always' : `${Math.round((100 * count) / items.length)} %`,
      JSON.stringify(example),
    ]),
  );
  const head = row('th', ['Field', 'Type', 'Present', 'For example']);
  return [element('table', {}, [element('thead', {}, [head]), element('tbody', {}, rows)])];
}

// What stands in the documents, the most frequent first.
function fieldsOf(items) {
  const fields = new Map();
  for (const { id: _, ...item } of items)
    for (const [name, value] of Object.entries(item)) {
      const field = fields.get(name) ?? { name, types: new Set(), count: 0, example: value };
      field.types.add(typeOf(value).replace(/ of \d+$/, ''));
      field.count += 1;
      fields.set(name, field);
    }
  return [...fields.values()].sort((a, b) => b.count - a.count);
}

function typeOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value === 'object') return `object of ${Object.keys(value).length}`;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d(T|$)/.test(value)) return 'date';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function openButton(id, open, text = id) {
  const button = element('button', { type: 'button', className: 'plain', textContent: text });
  if (text !== id) button.setAttribute('aria-label', `${text} ${id}`);
  button.dataset.id = id;
  button.addEventListener('click', () => open(id));
  return button;
}

function valueCell(value) {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  const td = cell('td', text.slice(0, 200));
  if (typeof value === 'number') td.className = 'number';
  return td;
}

function row(kind, texts) {
  return element(
    'tr',
    {},
    texts.map((text) => cell(kind, text)),
  );
}

function cell(kind, content) {
  return element(kind, kind === 'th' ? { scope: 'col' } : {}, [content]);
}

function element(name, properties, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
