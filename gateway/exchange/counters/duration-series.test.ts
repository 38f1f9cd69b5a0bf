import { describe, expect, it } from 'vitest';
import { CATALOG, type ErrorCode } from '../error-catalog.ts';
import { labelsOfKey, seriesKey } from './duration-series.ts';

describe('a series is about', () => {
  it.each([
    [
      'GET',
      200,
      null,
      'wire',
      { http_request_method: 'GET', http_response_status_code: '200', lane: 'wire' },
    ],
    [
      'QUERY',
      499,
      null,
      'general',
      { http_request_method: 'QUERY', http_response_status_code: '499', lane: 'general' },
    ],
    ['get', 0, null, 'wire', { http_request_method: '_OTHER', lane: 'wire' }],
    [
      '__proto__',
      101,
      null,
      'wire',
      { http_request_method: '_OTHER', http_response_status_code: '101', lane: 'wire' },
    ],
  ] as const)('%s %i %s in the %s lane', (method, status, error, lane, labels) => {
    expect(labelsOfKey(seriesKey(method, status, error, lane))).toEqual(labels);
  });

  it.each([
    [299, '200'],
    [555, '500'],
    [600, '500'],
    [999, '500'],
    [199, '100'],
  ])('a status of %i as one of %s', (status, counted) => {
    const { http_response_status_code } = labelsOfKey(seriesKey('GET', status, null, 'wire'));
    expect(http_response_status_code).toBe(counted);
  });

  it('each error by itself, and each of them comes back', () => {
    const codes = Object.keys(CATALOG) as ErrorCode[];
    const keys = codes.map((code) => seriesKey('TRACE', 504, code, 'wire'));
    expect(new Set(keys).size).toBe(codes.length);
    expect(keys.map((key) => labelsOfKey(key).error_type)).toEqual(codes);
  });
});
