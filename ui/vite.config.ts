import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ command, mode }) => ({
  // The desktop app serves the files from a scheme of its own, so no path may be absolute.
  base: './',
  plugins: [svelte()],
  define: {
    // `false` lets the bundler drop the fake host.
    __FAKE__: JSON.stringify(command === 'serve' || mode === 'picture'),
  },
  build: {
    outDir: 'dist',
    target: ['es2022', 'safari16'],
    modulePreload: { polyfill: false },
    // The content security policy allows no data: URL.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    // The dev server of the Rust side; `LITELLM_AUTO_SYNC_API` names another one.
    proxy: { '/api': process.env['LITELLM_AUTO_SYNC_API'] ?? 'http://127.0.0.1:1421' },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
}));
