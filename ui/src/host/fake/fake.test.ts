import { describe, expect, it } from 'vitest';
import { fakeHost } from './index';

describe('the fake program', () => {
  it('tells each change with a newer revision', async () => {
    const host = fakeHost('drawn');
    const revisions: number[] = [];
    host.listen((event) => event.event === 'state' && revisions.push(event.state.revision));
    await host.call('pause', { length: '1h' });
    await host.call('resume', null);
    const last = (await host.call('state', null)).revision;
    expect(revisions).toEqual([last - 1, last]);
  });

  it('fails as the program does', async () => {
    await expect(fakeHost('error').call('state', null)).rejects.toMatchObject({ code: 'ledger_damaged' });
  });
});
