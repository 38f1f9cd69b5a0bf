/** The script of `escape: script` for pages of a route: it adds the prefix to URLs before they are requested (0078). */
import { createHash } from 'node:crypto';
import type { RouteConfig } from '../../model/config.ts';

export interface PageScript {
  /** A `<script>` element. */
  readonly element: Buffer;
  /** Of its text, as a source of a Content-Security-Policy (CSP3 §2.3.1). */
  readonly source: string;
}

const MAX_BYTES = 2048;

/** @param routes all routes: paths of another one stay. @returns `null` if the script would be too long */
export function pageScript(
  { matcher: { path } }: RouteConfig,
  routes: readonly RouteConfig[],
): PageScript | null {
  const others = routes.map((route) => route.matcher.path).filter((other) => !isCatchAllOrOwn(other, path));
  const text = scriptText(path, [...new Set(others.map(pathMark))]);
  if (text.length >= MAX_BYTES) return null;
  return {
    element: Buffer.from(`<script>${text}</script>`, 'latin1'),
    source: `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  };
}

function isCatchAllOrOwn(other: string, path: string): boolean {
  return other === '/' || other === path || other.startsWith(`${path}/`);
}

/** A hash in place of the path: pages must not reveal the names of other routes. The script computes the same. */
export function pathMark(path: string): number {
  let mark = 5381;
  for (let at = 0; at < path.length; at++) mark = (mark * 33) ^ path.charCodeAt(at);
  return mark >>> 0;
}

/**
 * `f` converts an address; `w` wraps a function or a class with it. Objects other than text and URLs, such as Trusted Types, are left
 * alone. A page's navigation is started anew; history stays within the document. Observers run before the next script of the page, so
 * routers that follow `<base>` (Angular, Blazor) see only the one with the prefix.
 */
function scriptText(path: string, others: readonly number[]): string {
  const marks = others.map((mark) => mark.toString(36)).join();
  const prefix = JSON.stringify(path).replaceAll('<', '\\x3c');
  return `(p,o,d,l,s)=>{
    d.currentScript.remove();
    let own=q=>{if(q==p||q.startsWith(p+"/"))return 1;
    let m=5381,i=0;for(;i<=q.length;i++){if(i&&(i==q.length||q[i]=="/")&&o.includes((m>>>0).toString(36)))return 1;m=m*33^q.charCodeAt(i)}},
    f=u=>{if(typeof u=="string"||u instanceof URL)try{let x=new URL(u,d.baseURI);
    if(x.host==l.host&&/^(http|ws)/.test(x.protocol)&&!own(x.pathname)){x.pathname=p+x.pathname;return x.href}}catch{}return u},
    w=(h,n,i,k)=>{let g=h&&h[n],e=a=>(a.length>i&&(a[i]=f(a[i])),k&&a[1]&&a[1][k]&&(a[1]={...a[1],[k]:f(a[1][k])}),a);
    if(g)h[n]=new Proxy(g,{apply:(t,z,a)=>Reflect.apply(t,z,e(a)),construct:(t,a,z)=>Reflect.construct(t,e(a),z)})};
    for(let n of ["fetch","Request","EventSource","WebSocket","Worker","SharedWorker"])w(s,n,0);
    w(s.XMLHttpRequest?.prototype,"open",1);
    w(s.History?.prototype,"pushState",2);w(s.History?.prototype,"replaceState",2);
    w(s.Navigator?.prototype,"sendBeacon",0);
    w(s.ServiceWorkerContainer?.prototype,"register",0,"scope");
    new MutationObserver((r,m)=>{let b=d.querySelector("base[href]"),u=b?.getAttribute("href"),y=f(u);
    if(y!=u)b.href=y;if(b||d.body)m.disconnect()}).observe(d,{childList:true,subtree:true});
    s.navigation?.addEventListener("navigate",e=>{let t=e.destination,y=f(t.url),k=e.navigationType;
    if(y!=t.url&&e.cancelable&&!t.sameDocument&&!e.formData&&e.downloadRequest==null&&/^(push|replace)$/.test(k)){
    e.preventDefault();k=="push"?l.assign(y):l.replace(y)}})
    }`
    .replaceAll(/\n */g, '')
    .replace(/^/, '(')
    .concat(`)(${prefix},"${marks}".split(","),document,location,self)`);
}
