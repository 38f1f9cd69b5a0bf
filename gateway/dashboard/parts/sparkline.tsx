/** The requests of a minute, a point a second; drawn from the right, so that it grows in its place. */
export function Sparkline({ line, label }: { readonly line: readonly number[]; readonly label: string }) {
  const top = Math.max(1, ...line);
  const step = (WIDTH - 2) / (POINTS - 1);
  // A unit from the edge, which would cut the newest second in half.
  const x = (index: number) => WIDTH - 1 - (line.length - 1 - index) * step;
  const y = (value: number) => HEIGHT - 1 - (value / top) * (HEIGHT - 2);
  const points = line.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="ground" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
      {points.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  );
}

const POINTS = 60;
const WIDTH = 120;
const HEIGHT = 24;
