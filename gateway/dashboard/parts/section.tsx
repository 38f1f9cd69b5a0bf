import type { ComponentChildren } from 'preact';

interface SectionParts {
  readonly title: string;
  readonly aside: string | null;
  readonly children: ComponentChildren;
}

export function Section({ title, aside, children }: SectionParts) {
  return (
    <section class="section">
      <h2>
        {title}
        {aside !== null && <span class="quiet">{aside}</span>}
      </h2>
      {children}
    </section>
  );
}
