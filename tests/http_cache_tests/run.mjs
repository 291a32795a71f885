// usage: node run.mjs BASE
// Runs every test that is not for browsers through the cache at BASE, as the suite's cli.mjs
// does, and prints {kinds: {id: kind}, results: {id: true | [error, message]}}.
import fetch from 'node-fetch'

import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import surrogate from 'http-cache-tests/tests/surrogate-control.mjs'
import suites from 'http-cache-tests/tests/index.mjs'

const all = [...suites, surrogate]
const kinds = {}
for (const { tests } of all) {
  for (const { id, kind, browser_only: browserOnly } of tests) {
    if (!browserOnly) kinds[id] = kind ?? 'required'
  }
}
await runTests(all, fetch, false, process.argv[2])
console.log(JSON.stringify({ kinds, results: getResults() }))
