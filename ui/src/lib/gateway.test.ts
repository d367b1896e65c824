import { describe, expect, test } from 'vitest';
import type { GatewayProxy, GatewayView } from '../host';
import * as gateway from './gateway';

const FILE = 'model_prices_and_context_window.json';
const url = `http://127.0.0.1:4401/prod/${FILE}`;
const proxy: GatewayProxy = { name: 'prod', url, is_read: false, last_fetch: null };
const view: GatewayView = { listen: '127.0.0.1:4401', default_listen: '127.0.0.1:4401', on: true, error: null, proxies: [proxy] };

describe('the address in a container', () => {
  test('Docker Desktop has another name for the loopback, and for nothing else', () => {
    expect(gateway.dockerUrl(url)).toBe(`http://host.docker.internal:4401/prod/${FILE}`);
    expect(gateway.dockerUrl(`http://[::1]:4401/prod/${FILE}`)).toBe(`http://host.docker.internal:4401/prod/${FILE}`);
    expect(gateway.dockerUrl(`http://127.0.0.1/prod/${FILE}`)).toBe(`http://host.docker.internal/prod/${FILE}`);
    for (const other of [`http://192.168.1.20:4401/5f/prod/${FILE}`, `http://127.0.0.1.example:4401/prod/${FILE}`, `http://192.168.1.20:4401/127.0.0.1/${FILE}`]) {
      expect(gateway.dockerUrl(other)).toBe(other);
    }
  });

  test('on Linux there is none while only the loopback is listened at', () => {
    expect(gateway.bridgeUrl(url, '127.0.0.1:4401')).toBeNull();
    expect(gateway.bridgeUrl(url, '[::1]:4401')).toBeNull();
    expect(gateway.bridgeUrl(`http://172.17.0.1:4401/5f/prod/${FILE}`, '172.17.0.1:4401')).toBe(`http://172.17.0.1:4401/5f/prod/${FILE}`);
    // Where it listens everywhere, the program tells the loopback.
    expect(gateway.bridgeUrl(`http://127.0.0.1:4401/5f/prod/${FILE}`, '0.0.0.0:4401')).toBe(`http://172.17.0.1:4401/5f/prod/${FILE}`);
  });

  test('the bridge keeps the port', () => {
    expect(gateway.bridgeListen(url)).toBe('172.17.0.1:4401');
    expect(gateway.bridgeListen(`http://[::1]:5000/prod/${FILE}`)).toBe('172.17.0.1:5000');
    expect(gateway.bridgeListen(`http://127.0.0.1/prod/${FILE}`)).toBe('172.17.0.1:80');
  });
});

test('what is set is LiteLLM’s own variable', () => {
  expect(gateway.envLine(url)).toBe(`LITELLM_MODEL_COST_MAP_URL=${url}`);
  expect(gateway.dockerOption(url)).toBe(`-e LITELLM_MODEL_COST_MAP_URL=${url}`);
});

test('a proxy elsewhere does not reach the loopback of this machine', () => {
  expect(gateway.mayNotReach('http://127.0.0.1:4000', url)).toBe(false);
  expect(gateway.mayNotReach('http://localhost:4000/llm', url)).toBe(false);
  expect(gateway.mayNotReach('https://llm.corp.example', url)).toBe(true);
  expect(gateway.mayNotReach('http://10.20.0.14:4000', `http://10.20.0.5:4401/5f/prod/${FILE}`)).toBe(false);
  expect(gateway.hostOf('http://[::1]:4401/x')).toBe('[::1]');
  expect(gateway.hostOf('https://llm.corp.example/team/x')).toBe('llm.corp.example');
});

test('who reaches it', () => {
  expect(gateway.listenWords('127.0.0.1:4401')).toContain('this computer reach');
  expect(gateway.listenWords('172.17.0.1:4401')).toContain('its containers');
  expect(gateway.listenWords('0.0.0.0:4401')).toContain('Other computers');
});

describe('states', () => {
  test('the switch', () => {
    expect(gateway.stateWord(view, true)).toBe('Listening');
    expect(gateway.stateWord(view, false)).toBe('Off');
    expect(gateway.stateWord({ ...view, listen: 'off', on: false }, true)).toBe('Starting…');
    expect(gateway.stateWord({ ...view, on: false }, true)).toBe('Starting…');
    expect(gateway.stateWord({ ...view, on: false, error: 'The address is in use.' }, true)).toBe('Not listening');
  });

  test('asked again only until the program does as it was told', () => {
    expect(gateway.isSettling(view)).toBe(false);
    expect(gateway.isSettling({ ...view, on: false })).toBe(true);
    expect(gateway.isSettling({ ...view, listen: 'off' })).toBe(true);
    expect(gateway.isSettling({ ...view, listen: 'off', on: false })).toBe(false);
    expect(gateway.isSettling({ ...view, on: false, error: 'The address is in use.' })).toBe(false);
  });

  test('a proxy', () => {
    expect(gateway.readWords({ ...proxy, is_read: true }, 'direct')).toBe('Reads the gateway');
    expect(gateway.readWords(proxy, 'direct')).toBe('Reads the source directly');
    expect(gateway.readWords(proxy, 'local_file')).toBe('Reads the map in its package');
    expect(gateway.readWords(proxy, 'unknown')).toBe('Not known yet what it reads');
  });

  test('who came before it was turned off', () => {
    const came = { ...proxy, name: 'eu', last_fetch: '2026-11-22T08:36:12Z' };
    expect(gateway.leftBehind({ ...view, proxies: [proxy, came] })).toEqual([]);
    expect(gateway.leftBehind({ ...view, listen: 'off', on: false, proxies: [proxy, came] })).toEqual([came]);
  });
});
