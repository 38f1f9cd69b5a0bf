import { fileName } from '../notices.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { TextBlock } from '../parts/text-block.tsx';

/** For a gateway without routes: what to write, and what to request then. */
export function FirstSteps({ file, origin }: { readonly file: string; readonly origin: string }) {
  const curl = `curl ${origin}/hello`;
  return (
    <section class="steps">
      <p>
        Write a path and the port behind it into <code>{fileName(file)}</code>, and save:
      </p>
      <Snippet label="a first route" text={'routes:\n  /hello: 7777'} />
      <p>It takes effect at once. Then ask for it:</p>
      <Snippet label="a first request" text={curl} />
    </section>
  );
}

function Snippet({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div class="snippet">
      <TextBlock text={text} label={label} />
      <CopyButton text={text} />
    </div>
  );
}
