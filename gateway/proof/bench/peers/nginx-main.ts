const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** An nginx.conf around the body of its `http` block: in the foreground, one worker, no access log, every file in `folder`. */
export function nginxMain(folder: string, httpBlock: string): string {
  // Started by root, nginx would run its worker as `nobody`, who may not enter the temporary folder.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const paths = temporaryPaths.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n');
  return `${user}worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  keepalive_requests 1000000000;
${paths}
${httpBlock}
}
`;
}
