// The chat's page. What people write goes into the document as text, never as HTML.
const element = (id) => document.getElementById(id);

// Kept for this tab, so that a reload is the same person, and another tab another one.
sessionStorage.chatClient ??= newId();
const client = sessionStorage.chatClient;
const peopleShown = 50;
const state = {
  socket: null,
  room: null,
  name: null,
  last: null, // the newest seq that is shown
  first: null, // the oldest
  people: new Set(),
  unsaid: new Map(), // id → { text, entry }: sent, but not acknowledged yet
  attempts: 0,
  heard: 0,
};

// Name and room are remembered; a link with `#room` leads there. Who had joined in this tab is there again after a reload.
element('name').value = sessionStorage.chatName ?? localStorage.chatName ?? '';
element('room').value = roomOfAddress() ?? localStorage.chatRoom ?? 'lobby';
element('line').textContent =
  `node -e 's = new WebSocket("${addressOf('ws')}"); s.onopen = () => s.send(JSON.stringify({ type: "join", room: "lobby", name: "node", client: "" + Date.now() })); s.onmessage = (m) => console.log(m.data)'`;
element('join').addEventListener('submit', (event) => {
  event.preventDefault();
  join(element('room').value.trim(), element('name').value.trim());
});
element('say').addEventListener('submit', (event) => {
  event.preventDefault();
  say(element('text').value);
  element('text').value = '';
});
element('text').addEventListener('input', () => send({ type: 'typing' }));
element('older').addEventListener('click', () => send({ type: 'history', before: state.first }));
setInterval(checkLife, 10_000);
if (sessionStorage.chatName) join(element('room').value, sessionStorage.chatName);

function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}

function join(room, name) {
  if (room !== state.room) {
    Object.assign(state, { last: null, first: null });
    element('messages').replaceChildren();
    state.unsaid.clear();
  }
  Object.assign(state, { room, name, attempts: 0 });
  sessionStorage.chatName = localStorage.chatName = name;
  localStorage.chatRoom = room;
  history.replaceState(null, '', `#${encodeURIComponent(room)}`);
  element('link').href = location.href;
  element('messages').tabIndex = 0; // It scrolls.
  element('hall').hidden = false;
  element('start').hidden = true;
  element('problem').textContent = '';
  connect();
}

function connect() {
  state.socket?.close();
  const socket = new WebSocket(addressOf('ws'));
  state.socket = socket;
  setStatus('Connecting …');
  socket.addEventListener('open', () => {
    state.heard = Date.now();
    send({
      type: 'join',
      room: state.room,
      name: state.name,
      client,
      ...(state.last === null ? {} : { after: state.last }),
    });
  });
  socket.addEventListener('message', (event) => {
    state.heard = Date.now();
    receive(JSON.parse(event.data));
  });
  socket.addEventListener('close', (event) => {
    if (socket === state.socket) lost(event.code);
  });
}

function addressOf(path) {
  const address = new URL(path, document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  address.hash = '';
  return address;
}

function lost(code) {
  if (code === 4001) return setStatus('This chat is open in another window.');
  const delay = Math.min(15_000, 250 * 2 ** state.attempts) * (0.5 + Math.random() / 2);
  state.attempts += 1;
  setStatus(`Connection lost; trying again in ${Math.ceil(delay / 1000)} s`);
  const socket = state.socket;
  setTimeout(() => socket === state.socket && connect(), delay);
}

// A browser does not show the service's pings to the page, so the page asks for a sign of life by itself.
function checkLife() {
  if (state.socket?.readyState !== WebSocket.OPEN) return;
  if (Date.now() - state.heard > 30_000) state.socket.close();
  else send({ type: 'ping' });
}

const receivers = {
  joined(frame) {
    state.attempts = 0;
    state.people = new Set(frame.people);
    showPeople();
    setStatus(`In ${frame.room} as ${frame.name}`);
    element('say').hidden = false;
    element('nothing').hidden = frame.last > 0;
    element('text').focus();
    // Sent again under the same ids: what had arrived before the connection was lost is not stored twice.
    for (const [id, { text }] of state.unsaid) send({ type: 'say', id, text });
  },
  message(frame) {
    if (frame.seq <= (state.last ?? 0)) return;
    element('nothing').hidden = true;
    state.first ??= frame.seq;
    state.last = frame.seq;
    const list = element('messages');
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(renderMessage(frame));
    if (atEnd) list.scrollTop = list.scrollHeight;
    element('older').hidden = state.first <= 1;
    element('typing').textContent = '';
  },
  history(frame) {
    element('messages').prepend(...frame.messages.map(renderMessage));
    state.first = frame.messages[0]?.seq ?? 1;
    element('older').hidden = state.first <= 1;
  },
  said(frame) {
    state.unsaid.get(frame.id)?.entry.remove();
    state.unsaid.delete(frame.id);
  },
  presence(frame) {
    for (const name of frame.came) state.people.add(name);
    for (const name of frame.left) state.people.delete(name);
    showPeople();
  },
  typing(frame) {
    element('typing').textContent = `${frame.name} is typing …`;
    clearTimeout(state.typingTimer);
    state.typingTimer = setTimeout(() => {
      element('typing').textContent = '';
    }, 3000);
  },
  error(frame) {
    element('problem').textContent = frame.detail;
    const refused = state.unsaid.get(frame.id);
    if (!refused) return;
    refused.entry.remove();
    state.unsaid.delete(frame.id);
    element('text').value ||= refused.text;
  },
  pong() {},
};

function receive(frame) {
  receivers[frame.type]?.(frame);
}

function say(text) {
  if (text.trim() === '') return;
  const id = newId();
  const entry = document.createElement('div');
  entry.className = 'waiting';
  entry.textContent = `${state.name}: ${text}`;
  element('messages').append(entry);
  state.unsaid.set(id, { text, entry });
  element('problem').textContent = '';
  send({ type: 'say', id, text });
}

function send(frame) {
  if (state.socket?.readyState === WebSocket.OPEN) state.socket.send(JSON.stringify(frame));
}

function renderMessage({ seq, name, text, at }) {
  const entry = document.createElement('div');
  entry.dataset.seq = seq;
  const who = Object.assign(document.createElement('span'), { className: 'name', textContent: name });
  const when = Object.assign(document.createElement('time'), {
    dateTime: new Date(at).toISOString(),
    textContent: new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
  });
  entry.append(when, ' ', who, ': ', text);
  return entry;
}

function showPeople() {
  const names = [...state.people].sort();
  element('people-title').textContent = `Here: ${names.length}`;
  const shown = names.slice(0, peopleShown).map((name) => (name === state.name ? `${name} (you)` : name));
  if (names.length > peopleShown) shown.push(`and ${names.length - peopleShown} more`);
  element('people').replaceChildren(
    ...shown.map((textContent) => Object.assign(document.createElement('li'), { textContent })),
  );
}

// randomUUID is there only on https and localhost.
function newId() {
  return crypto.randomUUID?.() ?? String(Math.random()).slice(2);
}

function setStatus(text) {
  element('status').textContent = text;
}
