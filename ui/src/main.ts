import { mount } from 'svelte';
import App from './App.svelte';
import { useHost } from './host';
import { chooseHost } from './host/choose';
import { app } from './state/app.svelte';
import { clock } from './state/clock.svelte';
import { route } from './state/route.svelte';
import { theme } from './state/theme.svelte';
import './styles/index.css';

theme.start();
// The web host takes its token out of the fragment before the route reads it.
useHost(await chooseHost());
route.start();
clock.start();
app.start();

const target = document.getElementById('app');
if (target !== null) mount(App, { target });
