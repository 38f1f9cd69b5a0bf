// One resumable upload by the tus protocol (https://tus.io): create, then PATCH from the offset that the service has.
// Where it stands is kept in localStorage, so that choosing the same file again goes on after the browser was closed.
const tus = { 'tus-resumable': '1.0.0' };
const prefix = 'portway-upload:';

export class Upload {
  constructor(file, path, endpoint, onChange) {
    this.file = file;
    this.path = path;
    this.endpoint = endpoint;
    this.onChange = onChange;
    this.key = `${prefix}${path}:${file.size}:${file.lastModified}`;
    this.state = 'waiting'; // waiting, sending, paused, broken, failed, done
    this.sent = 0;
    this.reason = '';
    this.attempts = 0;
  }

  async run() {
    this.change('sending');
    try {
      const location = await this.locate();
      if (this.state === 'sending' && this.sent < this.file.size) await this.send(location);
      if (this.state === 'sending') this.finish();
    } catch (error) {
      if (this.state === 'sending') this.retry(error);
    }
  }

  pause() {
    this.change('paused');
    clearTimeout(this.timer);
    this.request?.abort();
  }

  resume() {
    this.attempts = 0;
    return this.run();
  }

  async cancel() {
    this.pause();
    this.change('failed', 'given up');
    const location = localStorage.getItem(this.key);
    localStorage.removeItem(this.key);
    if (location) await fetch(location, { method: 'DELETE', headers: tus }).catch(() => undefined);
  }

  // The address of the upload, known from before or new; `sent` is what the service has of it.
  async locate() {
    const known = localStorage.getItem(this.key);
    const answer = known && (await fetch(known, { method: 'HEAD', headers: tus }));
    if (answer?.ok) {
      this.sent = Number(answer.headers.get('upload-offset'));
      this.change();
      return known;
    }
    if (answer && ![403, 404, 409, 410].includes(answer.status))
      throw new Refusal(answer.status, 'the service failed');
    return this.create();
  }

  async create() {
    const metadata = `path ${encodeBase64(this.path)}`;
    const headers = { ...tus, 'upload-length': String(this.file.size), 'upload-metadata': metadata };
    const answer = await fetch(this.endpoint, { method: 'POST', headers });
    if (!answer.ok) throw new Refusal(answer.status, reasonOf(await answer.text(), answer.status));
    const location = new URL(answer.headers.get('location'), answer.url).href;
    localStorage.setItem(this.key, location);
    this.sent = 0;
    this.change();
    return location;
  }

  // XMLHttpRequest, because fetch does not tell how much of a body has been sent.
  send(location) {
    const offset = this.sent;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open('PATCH', location);
      request.setRequestHeader('tus-resumable', '1.0.0');
      request.setRequestHeader('upload-offset', String(offset));
      request.setRequestHeader('content-type', 'application/offset+octet-stream');
      request.upload.addEventListener('progress', (event) => {
        this.sent = offset + event.loaded;
        this.change();
      });
      request.addEventListener('load', () => {
        if (request.status === 204) resolve();
        else reject(new Refusal(request.status, reasonOf(request.responseText, request.status)));
      });
      request.addEventListener('error', () => reject(new Error('the connection was lost')));
      request.addEventListener('abort', () => reject(new Error('paused')));
      request.send(this.file.slice(offset));
    });
  }

  finish() {
    this.sent = this.file.size;
    localStorage.removeItem(this.key);
    this.change('done');
  }

  // A refusal of the client's own making stays one; everything else is tried again, later and later.
  retry(error) {
    const final =
      error instanceof Refusal && error.status >= 400 && error.status < 500 && error.status !== 409;
    if (final) {
      localStorage.removeItem(this.key);
      return this.change('failed', error.message);
    }
    const delay = Math.min(15_000, 500 * 2 ** this.attempts) * (0.5 + Math.random() / 2);
    this.attempts += 1;
    this.change('broken', `${error.message}; trying again in ${Math.ceil(delay / 1000)} s`);
    this.timer = setTimeout(() => this.run(), delay);
  }

  change(state = this.state, reason = '') {
    this.state = state;
    this.reason = reason;
    this.onChange(this);
  }
}

// Paths of uploads that were begun here and did not finish.
export function unfinishedPaths() {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length).replace(/:\d+:\d+$/, ''));
}

// What a refusal says, of the service (text, for uploads) or of a gateway before it (problem+json).
export function reasonOf(body, status) {
  try {
    return JSON.parse(body).detail ?? `answered ${status}`;
  } catch {
    return body.trim().slice(0, 200) || `answered ${status}`;
  }
}

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function encodeBase64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
