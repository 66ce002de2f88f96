// distil.mjs <recording> <file of calls> <words>: what record.mjs wrote, in the form in which the test plays it. README.md describes the form.
import fs from 'fs'

const [, , from, to, words] = process.argv
const calls = fs.readFileSync(from, 'utf8').trim().split('\n').map(JSON.parse).map((l) => {
  const url = new URL(l.url)
  return {
    method: url.pathname.slice(1), host: url.hostname.split('.')[1], before: !/axios/.test(l.rawHeaders.join()),
    params: Object.fromEntries(new URLSearchParams(l.body)), answer: JSON.parse(l.answer), keep: [],
  }
})

// What differs from run to run gets a name, and so does what was read and is sent again.
const names = new Map()
const read = new Map()
const partner = calls.map((c) => c.answer.partners?.[0].partner.PartnerID).find(Boolean)
names.set(String(partner), 'partner')
const isID = (path, v) => typeof v === 'string' && v.length >= 16 && ['id', 'deleteToken', 'apiKey'].includes(path.at(-1))
const index = (call, v, path) => {
  const text = typeof v === 'object' ? JSON.stringify(v) : String(v)
  if (isID(path, v) && !names.has(v)) names.set(v, { call, path })
  if (!call.before && text.length >= 100 && !read.has(text)) read.set(text, { call, path })
  if (v && typeof v === 'object') for (const [k, member] of Object.entries(v)) if (path.length || k !== 'context') index(call, member, [...path, k])
}
let count = 0
const name = (entry) => {
  if (typeof entry === 'string') return '${' + entry + '}'
  if (!entry.name) {
    const { call, path } = entry
    entry.name = call.method === 'admin.createSite' ? call.params.baseDomain[0] : 'v' + ++count
    call.keep.push(`${entry.name} ${path.join('/')}`)
  }
  return '${' + entry.name + '}'
}
const write = (text) => {
  if (text.includes('${')) throw new Error('a place holder in ' + text)
  if (read.has(text)) return name(read.get(text))
  for (const [value, entry] of names) if (text.includes(value)) text = text.replaceAll(value, () => name(entry))
  return text.replace(/\.r\d+\.example\.com/g, '.shop.example.com')
}
// The accelerator fills empty scripts of screens with a text of its own, which is not ours to keep.
const ours = (k, v) => (k === 'javascript' && v.includes('// Called') ? '{\n    onError: function (event) {}\n}' : v)
const line = (text) => (/^\s|^"|\s$|[\r\n]/.test(text) || text === '' ? JSON.stringify(text) : text)

// The site that was there.
const made = calls.map((c) => c.answer.apiKey)
for (const { params } of calls) if (params.apiKey && !made.includes(params.apiKey)) names.set(params.apiKey, 'apiKey')
for (const call of calls) {
  const { userKey, secret, ...rest } = call.params
  call.without = secret === undefined
  call.lines = Object.entries(rest).map(([k, v]) => [k, line(write(ours(k, v)))])
  index(call, call.answer, [])
}
const used = new Map()
for (const call of calls) for (const [, v] of call.lines) used.set(v, (used.get(v) ?? 0) + 1)
const shared = [...used].filter(([v, n]) => n > 1 && v.length > 100).map(([v]) => v)
const out = [words, '']
shared.forEach((v, i) => out.push(`value w${i + 1} ${v}`))
const deletes = calls.findIndex((c) => c.method === 'admin.deleteSite')
calls.forEach((call, i) => {
  if (i === deletes) out.push('', 'copied')
  out.push('', `${call.before ? 'before ' : ''}${call.method}${call.host === 'us1' ? '' : ' ' + call.host}`)
  if (call.without) out.push('\twithout secret')
  for (const [k, v] of call.lines) out.push(`\t${k} ${shared.includes(v) ? '${w' + (shared.indexOf(v) + 1) + '}' : v}`)
  if (call.answer.errorCode) out.push(`\t= ${call.answer.errorCode}`)
  for (const k of call.keep) out.push(`\t> ${k}`)
})
if (deletes < 0) out.push('', 'unchanged')
fs.writeFileSync(to, out.join('\n') + '\n')
