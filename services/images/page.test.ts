import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServiceProcess, temporaryFolder } from '../kit/testing/service-process.ts';
import { bytesOf, photo, startImages } from './testing.ts';

let images: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  data = await temporaryFolder();
  images = await startImages({ dataDir: data.path });
});
afterAll(async () => {
  await images.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'x-forwarded-prefix': '/images' };
const gallery = async (query = '') => (await fetch(`${images.url}/${query}`, { headers: browser })).text();
const attributesOf = (page: string) =>
  [...page.matchAll(/\s(?:src|href|srcset)="([^"]*)"/g)].map((match) => match[1]!);

it('is a page for a browser and JSON for programs, and caches know', async () => {
  const page = await fetch(images.url, { headers: browser });
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('vary')).toBe('accept');
  const json = await fetch(images.url);
  expect(json.headers.get('content-type')).toContain('application/json');
  expect(json.headers.get('vary')).toBe('accept');
});

it('runs nothing but its own files, and every one of them is there', async () => {
  const answer = await fetch(images.url, { headers: browser });
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
  const page = await answer.text();
  expect(page).not.toMatch(/\sstyle=|\son\w+=|<script>|<style/);
  const files = attributesOf(page).filter((address) => address.startsWith('_page/'));
  expect(files.length).toBe(3);
  const modules = ['_page/upload.js', '_page/viewer.js', '_page/bytes.js'];
  for (const file of [...files, ...modules]) {
    expect([file, (await fetch(`${images.url}/${file}`)).status]).toEqual([file, 200]);
  }
});

it('names all addresses relative to itself, so that it works behind any prefix', async () => {
  await fetch(`${images.url}/one.jpg`, {
    method: 'PUT',
    body: bytesOf(await photo(20, 20).jpeg().toBuffer()),
  });
  const addresses = attributesOf(await gallery());
  expect(addresses.filter((address) => /^\/|:\/\//.test(address))).toEqual([]);
  expect(addresses).toContainEqual(
    expect.stringMatching(/^\.\/one\.jpg\?w=320&amp;h=240&amp;fit=cover&amp;v=[\w-]{22}$/),
  );
});

it('its small pictures are there, and need not be asked for again', async () => {
  await fetch(`${images.url}/two.jpg`, {
    method: 'PUT',
    body: bytesOf(await photo(90, 90).jpeg().toBuffer()),
  });
  const source = attributesOf(await gallery()).find((address) => address.startsWith('./two.jpg?'))!;
  const answer = await fetch(new URL(source.replaceAll('&amp;', '&'), `${images.url}/`));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toContain('immutable');
});

it('shows a name as text, whatever it holds', async () => {
  const name = `"'><img src=x onerror=alert(1)>`;
  const path = encodeURIComponent(name);
  await fetch(`${images.url}/${path}`, { method: 'PUT', body: bytesOf(await photo(9, 9).png().toBuffer()) });
  const page = await gallery();
  expect(page).not.toContain('<img src=x');
  expect(page).toContain('<bdi class="name">&quot;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;</bdi>');
});

it('leads on to older images', async () => {
  const page = await gallery('?limit=1');
  const older = attributesOf(page).find((address) => address.startsWith('?before='))!;
  expect(older).toMatch(/^\?before=\d+$/);
  expect(await gallery(older)).toContain('data-name="two.jpg"');
});
