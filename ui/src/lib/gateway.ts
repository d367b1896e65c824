/** What a proxy has to be told so that it reads the gateway, and the words for whether it does. Pure. */
import type { GatewayProxy, GatewayView, ProxyView } from '../host';

/** LiteLLM's own name for it. */
const VARIABLE = 'LITELLM_MODEL_COST_MAP_URL';

/** This machine as containers of Docker Desktop know it; it leads to what listens on the loopback. */
const DOCKER_HOST = 'host.docker.internal';

/** This machine as containers on Linux know it, unless Docker was told otherwise. */
const BRIDGE = '172.17.0.1';

const LOOPBACK = /^(http:\/\/)?(127(?:\.\d{1,3}){3}|localhost|\[::1\])(?=[:/]|$)/i;
const EVERY = /^(0\.0\.0\.0|\[::\])(?=:|$)/;

/** The first address of a proxy in a container of Docker Desktop. One beyond the loopback is reached from there as it is. */
export function dockerUrl(url: string): string {
  return url.replace(LOOPBACK, `$1${DOCKER_HOST}`);
}

/** The same on Linux, where nothing in a container leads to the loopback: null while the gateway listens only there. */
export function bridgeUrl(url: string, listen: string): string | null {
  if (EVERY.test(listen)) return url.replace(LOOPBACK, `$1${BRIDGE}`);
  return LOOPBACK.test(listen) ? null : url;
}

/** Where it has to listen for that, at the port that it has. */
export function bridgeListen(url: string): string {
  return `${BRIDGE}:${/^http:\/\/[^/]*:(\d+)(?:\/|$)/.exec(url)?.[1] ?? '80'}`;
}

/** The host of an address without its port: "127.0.0.1". */
export function hostOf(address: string): string {
  return address.replace(/^\w+:\/\//, '').replace(/\/.*$/, '').replace(/:\d*$/, '');
}

export function envLine(url: string): string {
  return `${VARIABLE}=${url}`;
}

export function dockerOption(url: string): string {
  return `-e ${envLine(url)}`;
}

/** A proxy elsewhere is not reached by a gateway that listens on this machine alone. A name may still be this machine. */
export function mayNotReach(proxyUrl: string, gatewayUrl: string): boolean {
  return LOOPBACK.test(`http://${hostOf(gatewayUrl)}`) && !LOOPBACK.test(`http://${hostOf(proxyUrl)}`);
}

/** Who reaches it at this address. */
export function listenWords(listen: string): string {
  if (LOOPBACK.test(listen)) return 'Only programs on this computer reach it here.';
  if (listen.startsWith(`${BRIDGE}:`)) return 'Only this computer and its containers reach it here. The path begins with a random prefix.';
  return 'Other computers can reach it here, so the path begins with a random prefix. Whoever knows the whole address can read the map.';
}

/** What the switch says; `wanted` is what it stands at, also while that is being saved. */
export function stateWord(view: GatewayView, wanted: boolean): string {
  if (!wanted) return 'Off';
  if (view.on && view.listen !== 'off') return 'Listening';
  return view.error === null || view.listen === 'off' ? 'Starting…' : 'Not listening';
}

/** It does not do yet what the settings say, and nothing said why. */
export function isSettling({ listen, on, error }: GatewayView): boolean {
  return (listen !== 'off') !== on && error === null;
}

/** What a proxy reads, in words; when it came last stands beside it. */
export function readWords(proxy: GatewayProxy, reads: ProxyView['reads']): string {
  if (proxy.is_read) return 'Reads the gateway';
  switch (reads) {
    case 'direct':
      return 'Reads the source directly';
    case 'local_file':
      return 'Reads the map in its package';
    case 'gateway':
    case 'unknown':
      return 'Not known yet what it reads';
  }
}

/** Those that would be without a map to reload: told when the gateway is off. */
export function leftBehind(view: GatewayView): GatewayProxy[] {
  return view.listen === 'off' ? view.proxies.filter(({ last_fetch }) => last_fetch !== null) : [];
}
