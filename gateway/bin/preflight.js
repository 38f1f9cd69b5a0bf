// Plain JavaScript that any Node since 14 can read, so that a Node that is too old gets one clear line
// instead of a syntax error in a TypeScript file.
// These and later ones of their lines take the head of an HTTP/2 answer as a list, whose fields keep their order.
const oldest = { 22: 20, 24: 7 };
const [major, minor] = process.versions.node.split('.').map(Number);

if (!(major > 24 || minor >= oldest[major])) {
  console.error(
    `portway: needs Node 22.20 or 24.7 or newer, and this is ${process.versions.node} (${process.execPath}). ` +
      'In a clone, `npm ci` installs a current one that `npm start` and `npx portway` use; elsewhere, install Node 26.',
  );
  process.exit(1);
}
