// Plain JavaScript that any Node since 14 can read, so that a Node that is too old gets one clear line
// instead of a syntax error in a TypeScript file.
const oldest = [22, 18];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(
    `portway: needs Node ${oldest.join('.')} or newer, and this is ${process.versions.node} (${process.execPath}). ` +
      'In a clone, `npm ci` installs a current one that `npm start` and `npx portway` use; elsewhere, install Node 26.',
  );
  process.exit(1);
}
