/** What is told of a newer version. */
import type { FoundUpdate, UpdateView } from '../host';
import { bytes } from './format';

/** In a few words: where it stands, and what happens next. */
export function updateWords({ doing, received, total }: UpdateView, found: FoundUpdate, platform: string): string {
  switch (doing) {
    case 'downloading':
      return total === null ? bytes(received) : `${bytes(received)} of ${bytes(total)}`;
    case 'installing':
      return platform === 'linux' ? 'is being installed. The system may ask for your password.' : 'is being installed.';
    case 'installed':
      return 'is installed. Quit and start the app again to use it.';
    case 'idle':
    case 'checking':
      if (found.skipped) return 'is skipped.';
      if (!found.can_install) return 'is there. Get it where you got this version.';
      return platform === 'windows' ? 'can be installed. The app closes and starts again.' : 'can be installed.';
  }
}
