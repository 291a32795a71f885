// The suite's own origin server, on a free loopback port: its server.mjs listens on all
// interfaces. Prints the port once it listens.
import http from 'node:http'

import handleConfig from 'http-cache-tests/server/handle-config.mjs'
import handleState from 'http-cache-tests/server/handle-state.mjs'
import handleTest from 'http-cache-tests/server/handle-test.mjs'

const handlers = { config: handleConfig, state: handleState, test: handleTest }
const say = console.log
console.log = () => {} // the handlers comment on every request that a test sends on purpose

const server = http.createServer((request, response) => {
  const [, kind, ...segments] = new URL(request.url, 'http://127.0.0.1/').pathname.split('/')
  // Some answers are longer than their Content-Length on purpose: on a connection that is kept,
  // the rest would be read as the answer to the next test's request.
  response.shouldKeepAlive = false
  if (kind in handlers) handlers[kind](segments, request, response)
  else response.writeHead(404).end()
})
server.listen(0, '127.0.0.1', () => say(server.address().port))
