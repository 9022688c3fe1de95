import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = fileURLToPath(new URL("./src", import.meta.url))

/** Where a JSON report goes, when one is asked for (`.ci/run` counts tests with it). */
const report = process.env.VITEST_REPORT

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-httpx$/, replacement: `${src}/index.ts` },
      { find: /^effect-httpx\/(.+)$/, replacement: `${src}/$1.ts` }
    ]
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/bench/**"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 15_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    typecheck: {
      enabled: true,
      include: ["test/types/**/*.test-d.ts"],
      tsconfig: "test/types/tsconfig.json",
      // What is wrong outside of the type tests is told by check:types.
      ignoreSourceErrors: true
    },
    coverage: {
      enabled: process.env.VITEST_COVERAGE === "1",
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/cli/**"],
      reporter: ["text-summary", "text"],
      reportOnFailure: true,
      // The floor, in percent.
      thresholds: { lines: 98, statements: 98, functions: 97, branches: 95 }
    }
  }
})
