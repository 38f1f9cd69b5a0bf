/**
 * The sum of a metric's samples over all of its labels, in the text format of Prometheus.
 * @returns `null` where there is no such metric.
 */
export function sumOf(text: string, name: string): number | null {
  const samples = Array.from(text.matchAll(/^([A-Za-z_:][\w:]*)(?:\{[^\n]*\})? (\S+)/gm));
  const values = samples.filter(([, found]) => found === name).map(([, , value]) => Number(value));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

/** Exchanges under way, by OpenTelemetry's name for them. */
export function activeExchanges(text: string): number | null {
  return sumOf(text, 'http_server_active_requests');
}
