// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { defineConfig } from "vite";

// One page, one script, one style sheet, no request to anywhere else. HINOMI_CONSOLE_OUT is where the build wants it.
export default defineConfig({
	base: "/",
	publicDir: false,
	esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
	build: {
		outDir: process.env.HINOMI_CONSOLE_OUT ?? "dist",
		emptyOutDir: true,
		assetsInlineLimit: 0, // the policy has no data: addresses
		modulePreload: { polyfill: false },
		target: "es2022",
		reportCompressedSize: false,
		rollupOptions: { output: { manualChunks: undefined } },
	},
	server: { proxy: { "/api": process.env.HINOMI_HUB ?? "http://127.0.0.1:8470" } },
});
