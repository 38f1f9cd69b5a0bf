/** Sources of routes beside the configuration file: containers, or objects of a cluster. */
export type Origin = LabelledOrigin | ClusterObject;

/** An object of Kubernetes' API. */
export interface ClusterObject {
  /** As problems name it: `HTTPRoute shop/cart`. */
  readonly name: string;
  /** Nothing in it is certain. */
  readonly object: Readonly<Record<string, unknown>>;
}

/** A container whose labels ask for a route. */
export interface LabelledOrigin {
  /** As problems name it: `container web-1`. */
  readonly name: string;
  /** Only those of Portway, in the order of their names: `portway.path`, `/shop`. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Whether the engine's own checks speak against it. */
  readonly healthy: boolean;
  /** At which all its ports are reachable; `null`: only those that are published. */
  readonly host: string | null;
  /** The ports that are known, and where each is reachable: 80 at `127.0.0.1:32768`. */
  readonly ports: readonly { readonly port: number; readonly at: string }[];
}

/** A part of an origin that can't be served as written. */
export interface UnservedOrigin {
  /** Its name. */
  readonly origin: string;
  /** Where in it: `backendRefs`. */
  readonly path: string;
  /** Without its place, for a person. */
  readonly text: string;
}
