// record.mjs <port> <port of the server's proxy> <file>: a proxy that writes every request and its answer down, a line of JSON each, and passes both on.
import fs from 'fs'
import http from 'http'
import zlib from 'zlib'

const [, , listen, upstream, file] = process.argv
const out = fs.openSync(file, 'a')
const whole = (stream, then) => {
  const chunks = []
  stream.on('data', (c) => chunks.push(c))
  stream.on('end', () => then(Buffer.concat(chunks)))
}
http.createServer((req, res) => whole(req, (body) => {
  const passed = http.request({ host: '127.0.0.1', port: upstream, method: req.method, path: req.url, headers: req.headers }, (r) => whole(r, (got) => {
    const answer = r.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(got) : got
    fs.writeSync(out, JSON.stringify({ url: req.url, rawHeaders: req.rawHeaders, body: body.toString(), status: r.statusCode, answer: answer.toString() }) + '\n')
    res.writeHead(r.statusCode, r.rawHeaders)
    res.end(got)
  }))
  passed.on('error', (e) => { res.writeHead(502); res.end(String(e)) })
  passed.end(body)
})).listen(+listen, '127.0.0.1')
