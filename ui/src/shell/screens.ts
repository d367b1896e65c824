import type { IconName } from '../components/icons';
import type { Screen } from '../lib/place';

/** The entries of the sidebar, in order; Ctrl 1 to 6 open them. */
export const screens: readonly { screen: Screen; name: string; icon: IconName }[] = [
  { screen: 'overview', name: 'Overview', icon: 'overview' },
  { screen: 'changes', name: 'Changes', icon: 'changes' },
  { screen: 'models', name: 'Models', icon: 'models' },
  { screen: 'review', name: 'Review', icon: 'flag' },
  { screen: 'history', name: 'History', icon: 'history' },
  { screen: 'settings', name: 'Settings', icon: 'settings' },
];
