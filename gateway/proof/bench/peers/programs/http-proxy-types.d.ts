/** http-proxy comes without types; this is what the benchmark uses of it. */
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';

  interface ProxyServer {
    web(
      request: IncomingMessage,
      response: ServerResponse,
      options: object,
      onError: (error: Error) => void,
    ): void;
  }

  const httpProxy: {
    createProxyServer(options: {
      readonly target: string;
      readonly agent: Agent;
      readonly xfwd: boolean;
    }): ProxyServer;
  };
  export default httpProxy;
}
