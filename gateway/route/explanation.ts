/** The shape of `explain`'s answer: plain data, which the admin API sends as JSON and the terminal prints. */
import type { HostHeader } from '../model/config.ts';
import type { Loss } from './candidacy.ts';
import type { OwnOrigin } from './escape.ts';
import type { RouteLane } from './lane.ts';
import type { TargetFault } from './target-fault.ts';

export interface ExplainInput {
  readonly method: string;
  /** As on a request line: `/db/x?y=1`, `http://host:3000/db/x`, `*`. */
  readonly target: string;
  /** The `Host` field, with its port; an absolute-form target beats it. */
  readonly host: string | null;
  /** Names in any case. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** The configuration file, to say where a route stands. */
  readonly file?: string;
  /** The changes that forwarding makes to the header section, if the caller knows them. */
  readonly changes?: HeaderChanges;
  /** The verdicts of the route's policies, up to the first that answers, if the caller knows them. */
  readonly policies?: readonly PolicyVerdict[];
  /** How the gateway answers it before a route is looked for, if the caller knows: plain HTTP where only https is served. */
  readonly first?: PolicyVerdict;
  /** Where the request comes from, an IP address; default: from this machine. */
  readonly from?: string;
  /** Addresses that an operator has drained, when the caller knows. */
  readonly drained?: readonly string[];
  /** The gateway's origin as the client sees it; without it nothing is led back. */
  readonly own?: OwnOrigin;
}

export interface HeaderChanges {
  readonly added: readonly (readonly [name: string, value: string])[];
  readonly removed: readonly string[];
  /** What the policies do to answers, one line each. */
  readonly answer?: readonly string[];
}

export interface PolicyVerdict {
  readonly policy: string;
  /** Of the answer that it gives in the service's place; `null`: it lets the request pass. */
  readonly status: number | null;
  readonly says: string;
  /** Of a redirect. */
  readonly location?: string;
}

export type Verdict =
  | { readonly kind: 'forwarded' }
  /** A policy answers it, or refuses it. */
  | ({ readonly kind: 'policy' } & PolicyVerdict & { readonly status: number })
  /** The browser is sent to `location` first. */
  | { readonly kind: 'redirected'; readonly status: 308; readonly location: string }
  /** The route is a redirect. */
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  /** A page of the chosen route asked outside its prefix (escape.ts). */
  | {
      readonly kind: 'led-back';
      readonly status: 307;
      readonly location: string;
      readonly by: 'referer' | 'cookie';
    }
  /** A browser that opens a page of the route is sent to the route's name (escape.ts). */
  | { readonly kind: 'led-to-name'; readonly status: 307; readonly location: string }
  | { readonly kind: 'not-found'; readonly status: 404 }
  /** The host is not among the served ones (served-hosts.ts). */
  | { readonly kind: 'host-refused'; readonly status: 421 }
  /** CONNECT and TRACE (SEMANTICS 1.8). */
  | { readonly kind: 'method-refused'; readonly status: 405 }
  | { readonly kind: 'refused'; readonly status: 400; readonly refusal: ExplainedRefusal }
  /** The gateway answers this itself: `OPTIONS *`, the dashboard at its name, or its own page where no route takes `/`. */
  | { readonly kind: 'own-answer'; readonly what: 'options' | 'page' | 'dashboard' };

export interface ExplainedRefusal {
  readonly reason: TargetFault;
  /** Where in the target the fault begins, from 0. */
  readonly at: number;
  readonly what: string;
  readonly mend: string;
  /** The target that a browser would have sent; `null`: none that makes sense. */
  readonly instead: string | null;
}

export interface RouteReference {
  /** The key as written: `/db`, `shop.localhost/cart`, `/db#2`. */
  readonly id: string;
  readonly line: number;
  readonly column: number;
  /** The container whose label it is, `container web-1`; absent: it stands in the file. */
  readonly origin?: string;
}

export interface ChosenRoute extends RouteReference {
  readonly path: string;
  readonly exact: boolean;
  readonly strip: boolean;
  /** The prefix at the service in place of the route's; empty: none. */
  readonly rewritePrefix: string;
  /** How much of the target's path the prefix is, as sent. */
  readonly prefixRawLength: number;
  /** The exact target for the service; `null`: there is no service, and `endpoints` names what answers. */
  readonly forwarded: string | null;
  /** Whose `Host` the service sees: the client's, its own, or its own where it has refused the client's. */
  readonly hostHeader: Exclude<HostHeader, 'auto'> | 'unless-refused';
  /** Whether a fallback is asked, under its own name, when the service is unreachable. */
  readonly fallback: boolean;
  /** `vite.localhost`, where it is whole and without a prefix; `null`: it has no name. */
  readonly name: string | null;
  /** Whether the request came by a name: that of this route, or of one above it. */
  readonly named: boolean;
  /** One text for each endpoint: `127.0.0.1:3001 or [::1]:3001`, `https://images.internal:8443`, `unix:/run/app.sock`, `127.0.0.1:3002 (×3, backup)`. */
  readonly endpoints: readonly string[];
  /** How one of them is chosen; `null`: there is only one. */
  readonly balance: string | null;
  readonly extend: string | null;
  /** Which implementation carries a plain request to it, and why. */
  readonly lane: RouteLane;
}

/** `losses` is empty for the one that was chosen. */
export interface ExplainedCandidate extends RouteReference {
  readonly losses: readonly Loss[];
}

export interface Explanation {
  readonly request: {
    readonly method: string;
    readonly target: string;
    /** The host that routes were matched by, in lower case and without port. */
    readonly host: string | null;
    /** The decoded view that decided; `null` where no route was looked for. */
    readonly canonical: string | null;
    /** Path and query as they would be forwarded without stripping; `null` where no route was looked for. */
    readonly raw: string | null;
  };
  readonly file: string | null;
  readonly verdict: Verdict;
  readonly chosen: ChosenRoute | null;
  /** Every route: the chosen one, those that match but are less specific, those that a condition keeps out, then the rest; each group by line. */
  readonly candidates: readonly ExplainedCandidate[];
  /** For a 404: at most three routes that may have been meant. */
  readonly nearest: readonly RouteReference[];
  readonly changes: HeaderChanges | null;
  /** Those that let it pass, and the one that does not. */
  readonly policies: readonly PolicyVerdict[];
}
