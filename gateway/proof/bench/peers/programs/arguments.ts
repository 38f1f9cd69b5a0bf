/** The arguments of every program in this folder. */
export interface ProxyArguments {
  readonly port: number;
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly origin: string;
  readonly pathPrefix: string;
}

export function proxyArguments(): ProxyArguments {
  const [port, originPort, pathPrefix = '/'] = process.argv.slice(2);
  return { port: Number(port), origin: `http://127.0.0.1:${originPort}`, pathPrefix };
}
