import { type Issued, selfSigned as signedByItself } from '../../tls/authority.ts';

/** A self-signed certificate for one host. @param validMs from now on */
export function selfSigned(host: string, validMs: number = DAY_MS): Issued {
  return signedByItself(host, [host], validMs / DAY_MS);
}

const DAY_MS = 86_400_000;

const shop = selfSigned('shop.test');

/** For a gateway that speaks TLS as `shop.test`: the line of its configuration, and the files beside it. */
export const SHOP_TLS = {
  yaml: 'tls: { certificates: { cert: shop.crt, key: shop.key } }\n',
  files: { 'shop.crt': shop.cert, 'shop.key': shop.key },
};
