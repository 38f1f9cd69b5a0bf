import { describe, expect, test } from 'vitest';
import { DocumentStart } from './document-start.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

/** The document with `^` where the script goes, however it comes in pieces. */
function marked(document: string, sure = true): string {
  const whole = bytes(document);
  const places = [1, 3, whole.length].map((step) => {
    const start = new DocumentStart(sure);
    for (let end = step; end < whole.length; end += step) {
      const place = start.find(whole.subarray(0, end), false);
      if (place !== 'more') return place;
    }
    return start.find(whole, true);
  });
  expect(new Set(places).size).toBe(1);
  const [place] = places;
  return typeof place === 'number' ? `${document.slice(0, place)}^${document.slice(place)}` : String(place);
}

describe('where the script goes in a document', () => {
  test.each([
    ['<!doctype html><html lang="en"><head>^<title>x'],
    ['<!DOCTYPE html>\n<HTML>\n<HEAD prefix="og: x>y">^\n<title>'],
    ['\xef\xbb\xbf\n<!-- <head> --><!doctype html><head>^<meta http-equiv="Content-Security-Policy">'],
    ['<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0"><html><head>^'],
    ['<html data-a="<head>" data-b=\'>\'><!-- > --><head>^<base href="/">'],
    ['<!doctype html>^<title>without a head</title>'],
    ['<!doctype html><html>^<body>'],
    ['<html>^<header>no head</header>'],
    ['^<ul id="messages"></ul>'],
    ['^plain words'],
    ['<!-- one -->^<p>'],
    ['^<!-- never ends'],
    ['<head><meta charset="utf-8">^<title>'],
    ['<head>\n <META charset=utf-8 />^'],
    ['<head>^<meta name="charset"><title>'],
    ['<head>^'],
  ])('%s', (document) => {
    expect(marked(document.replace('^', ''))).toBe(document);
  });

  test('is behind an encoding that is named first', () => {
    const document = '<!doctype html><html><head>\n<meta charset="utf-8">^<title>';
    const place = new DocumentStart(true).find(bytes(document.replace('^', '')), false);
    expect(place).toBe(document.indexOf('^'));
  });

  test.each([['<p>a part'], ['words'], ['<!-- x --><p>']])(
    'is nowhere in %s, unless it is known to be a document',
    (part) => {
      expect(marked(part, false)).toBe('null');
    },
  );

  test.each([[''], ['\xff\xfe<\0h\0'], ['\0<\0h'], ['<\0h\0']])('is nowhere in %j', (document) => {
    expect(marked(document)).toBe('null');
  });
});
