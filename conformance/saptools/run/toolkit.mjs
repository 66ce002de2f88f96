// toolkit.mjs <output of doorward dev --proxy --json> <port>: what the toolkit's screens do with its services. The port is that of the
// proxy, or of record.mjs before it. services.mjs is what bundle.sh makes.
import fs from 'fs'
import path from 'path'
import { caller, diff, dump, fillSite } from './site.mjs'

const [, , file, port] = process.argv
const dev = JSON.parse(fs.readFileSync(file))
const direct = caller(new URL(dev.proxy).port, dev)
process.env.HTTPS_PROXY = `http://127.0.0.1:${port}`
const S = await import(path.resolve('services.mjs'))
const credentials = { userKey: dev.userKey, secret: dev.userSecret, gigyaConsole: 'console.gigya.com' }
const codes = (rs) => rs.flat(5).filter((r) => r?.errorCode).map((r) => `${r.errorCode} ${r.errorDetails}`)
const differences = (what, a, b) => { console.log(what); diff(a, b).forEach((d) => console.log('   ', d)) }

// Site search.
const finder = new S.SiteFinderPaginated(credentials, 4)
const sites = await finder.getFirstPage()
for (let page; (page = await finder.getNextPage()) !== undefined;) sites.push(...page)
console.log('sites', sites.map((s) => `${s.baseDomain} ${s.dataCenter} ${s.partnerName}`))
credentials.partnerID = sites[0].partnerId

// Site deployer.
const manager = new S.SiteManager(credentials)
const site = (tempId, dataCenter, childSites) => ({ tempId, baseDomain: `${tempId}.r${Date.now()}.example.com`, description: tempId, dataCenter, childSites })
const made = await manager.create({ sites: [site('a', 'us1'), site('b', 'eu1', [site('c', 'eu1'), site('d', 'eu1')])] })
console.log('made', made.map((r) => `${r.tempId} ${r.errorCode} child: ${r.isChildSite}`))
const [a, b, c, d] = made.map((r) => r.apiKey)

// Copy configuration, all of it.
await fillSite(caller(port, dev), a)
const before = await dump(direct, a)
const chosen = (o) => { o.value = true; o.branches?.forEach(chosen); o.variables?.forEach((v) => { v.value = v.variable }); return o }
const configs = new S.ConfigManager(credentials, a)
const info = await configs.getConfiguration()
for (const target of [b, b, c]) {
  const answers = await configs.copy([target], info.map((i) => chosen(structuredClone(i))))
  console.log('copied', answers.length, 'answers; errors:', codes(answers))
}
differences('a and b', before, await dump(direct, b))
differences('a and its member c', before, await dump(direct, c))
differences('a before and after', before, await dump(direct, a))

// Templates by way of archives.
console.log('mails', codes([await new S.EmailManager(credentials).import(d, await new S.EmailManager(credentials).export(a))]))
console.log('texts', codes([await new S.SmsManager(credentials).import(d, await new S.SmsManager(credentials).export(a))]))
const there = await dump(direct, d)
differences('a and d', { emails: before.emails, sms: before.sms }, { emails: there.emails, sms: there.sms })
console.log('deleted', (await manager.deleteSites([a, b])).map((r) => r.errorCode), 'again', (await manager.deleteSites([b])).map((r) => r.errorDetails))
