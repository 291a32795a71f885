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
  if (kind in handlers) handlers[kind](segments, request, response)
  else response.writeHead(404).end()
})
// A connection that is closed while a request is on its way looks like an origin that hangs up.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => say(server.address().port))
