// A site with something of everything in it, by plain calls through the server's proxy, and all of it read back.
import http from 'http'

// caller makes calls with the user key as the tools do, but under no client's name.
export const caller = (port, dev) => (method, params) => new Promise((resolve, reject) => {
  const host = `${method.split('.')[0]}.us1.gigya.com`
  const body = new URLSearchParams({ userKey: dev.userKey, secret: dev.userSecret, ...params }).toString()
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded' }
  const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: `https://${host}/${method}`, headers }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (d) => { text += d })
    response.on('end', () => {
      const answer = JSON.parse(text)
      if (answer.errorCode !== 0) console.log(method, answer.errorCode, answer.errorDetails)
      resolve(answer)
    })
  })
  request.on('error', reject)
  request.end(body)
})

// fillSite gives the site something of every kind that the tools copy.
export const fillSite = async (call, site) => {
  const j = JSON.stringify
  const m = (s, b) => `<html><head><meta name="from" content="shop@example.com" /><meta name="subject" content="${s}" /></head><body>${b}</body></html>`
  const c = (m, p) => call(m, { apiKey: site, ...p })
  await c('accounts.setSchema', { dataSchema: j({ fields: {
    loyaltyLevel: { required: false, type: 'string', format: "regex('^(gold|silver)$')", allowNull: true, writeAccess: 'clientModify', },
    points: { required: false, type: 'integer', allowNull: true, writeAccess: 'serverOnly' },
    vip: { required: true, type: 'boolean', writeAccess: 'clientModify' },
    'address.note': { type: 'string', encrypt: 'AES' },
    visits: { type: 'date' }, weight: { type: 'float' }, essay: { type: 'text' } }, dynamicSchema: false }) })
  await c('accounts.setSchema', { profileSchema: j({ fields: { zip: { required: true, writeAccess: 'clientModify' } } }) })
  await c('accounts.setSchema', { subscriptionsSchema: j({ fields: { newsletter: { email: { type: 'subscription', required: false, doubleOptIn: true, enableConditionalDoubleOptIn: false } }, offers: { email: { type: 'subscription', required: false, doubleOptIn: false } } } }) })
  await c('accounts.setScreenSet', { screenSetID: 'Own-Registration', html: '<div class="gigya-screen-set" id="Own-Registration" data-responsive="true"><div class="gigya-screen" id="own-login">Grüße &amp; "quotes" 💐</div></div>', css: '.gigya-screen{color:red}\n/*** custom ***/', javascript: '{\n  onError: function(event) {}\n}', translations: j({ default: { hello: 'Hello' }, de: { hello: 'Hallo' } }), metadata: j({ version: 7, desc: 'our own', lastModified: 1, designerHtml: '<div/>' }) })
  await c('socialize.setProvidersConfig', { settings: 'autoLogin=true', capabilities: 'login,friends', providers: j({ facebook: { app: { appID: '1234567890', secretKey: 'fb-secret', appNamespace: '', permissionLevel: 'simple' }, settings: { useHTTPS: '1' } }, googleplus: { app: { appID: 'g.apps.example.com', secretKey: 'g-secret' } } }) })
  await c('accounts.policies.emailTemplates.setConfig', { magicLink: j({ defaultLanguage: 'pt-br', emailTemplates: { en: '<html><head><meta name="from" content="x@example.com" /><meta name="subject" content="Log in" /></head><body><a href="$url">Go</a></body></html>', 'pt-br': m('About it', 'Olá $url') } }) })
  await c('accounts.policies.emailTemplates.setConfig', { emailNotifications: j({ welcomeEmailTemplates: { en: m('About it', 'Welcome $firstName'), de: m('About it', 'Willkommen $firstName') }, welcomeEmailDefaultLanguage: 'de', accountDeletedEmailTemplates: { en: m('About it', 'Bye') }, accountDeletedEmailDefaultLanguage: 'en', confirmationEmailTemplates: { en: m('About it', 'Changed') }, confirmationEmailDefaultLanguage: 'en' }) })
  await c('accounts.policies.emailTemplates.setConfig', { passwordReset: j({ defaultLanguage: 'en', emailTemplates: { en: m('About it', 'Reset $pwResetLink'), fr: m('About it', 'Réinitialiser $pwResetLink') } }) })
  await c('accounts.policies.emailTemplates.setConfig', { doubleOptIn: j({ defaultLanguage: 'en', confirmationEmailTemplates: { en: m('About it', 'Confirm $confirmationLink') } }) })
  await c('accounts.policies.emailTemplates.setConfig', { twoFactorAuth: j({ emailProvider: { defaultLanguage: 'en', emailTemplates: { en: m('About it', 'Code $code'), nl: m('About it', 'Kode $code') } } }) })
  await c('accounts.setPolicies', {
    registration: j({ requireCaptcha: false, enforceCoppa: true }),
    accountOptions: j({ loginIdentifiers: 'email,username', verifyEmail: true, useCodeVerification: true, sendWelcomeEmail: true, sendAccountDeletedEmail: true, allowUnverifiedLogin: false }),
    passwordComplexity: j({ minLength: 9, minCharGroups: 3 }),
    security: j({ accountLockout: { failedLoginThreshold: 5, lockoutTimeSec: 300, failedLoginResetSec: 600 }, passwordHistorySize: 3, passwordChangeInterval: 90, sendUnknownLocationNotification: true }),
    passwordReset: j({ resetURL: 'https://www.example.com/reset?token={x}', tokenExpiration: 7200, sendConfirmationEmail: true }),
    profilePhoto: j({ thumbnailWidth: 80, thumbnailHeight: 96 }),
    twoFactorAuth: j({ providers: [{ name: 'gigyaPhone', enabled: true }, { name: 'gigyaEmail', enabled: true }, { name: 'gigyaTotp', enabled: false }] }),
    gigyaPlugins: j({ sessionExpiration: 3600, rememberSessionExpiration: 86400, defaultRegScreenSet: 'Own-Registration' }),
    emailVerification: j({ nextURL: 'https://www.example.com/verified', verificationEmailExpiration: 1209600, autoLogin: true }),
    federation: j({ allowMultipleIdentities: true }),
    doubleOptIn: j({ nextURL: 'https://www.example.com/doi', nextExpiredURL: 'https://www.example.com/late', confirmationLinkExpiration: 3600 }),
    preferencesCenter: j({ redirectURL: 'https://www.example.com/prefs' }),
  })
  await c('accounts.sms.templates.set', { templates: j({ otp: { globalTemplates: { templates: { en: 'Code {{code}}', de: 'Dein Code {{code}}' }, defaultLanguage: 'de' }, templatesPerCountryCode: { 351: { templates: { pt: 'Código {{code}}' }, defaultLanguage: 'pt' } } }, tfa: { globalTemplates: { templates: { en: 'TFA {{code}}' }, defaultLanguage: 'en' }, templatesPerCountryCode: { 44: { templates: { en: 'UK {{code}}' }, defaultLanguage: 'en' } } } }) })
  await call('admin.setSiteConfig', { apiKey: site, globalConf: "{\n  // a comment\n  enabledProviders: '*',\n  customEventMap: { eventMap: [] }\n}" })
  await c('accounts.setConsentsStatements', { preferences: j({ 'terms.tos': { isActive: true, isMandatory: true, langs: ['en', 'de'], consentVaultRetentionPeriod: 36, enforceLocaleReconsent: false, customData: [] } }) })
  await c('accounts.setConsentsStatements', { preferences: j({ 'privacy.cookies': { isActive: true, isMandatory: false, langs: ['en'], consentVaultRetentionPeriod: 12, enforceLocaleReconsent: true } }) })
  await c('accounts.setConsentDefaultLang', { consentId: 'terms.tos', lang: 'en' })
  for (const [id, lang, purpose] of [['terms.tos', 'en', 'Our terms'], ['terms.tos', 'de', 'Unsere Bedingungen'], ['privacy.cookies', 'en', 'Cookies']])
    await c('accounts.setLegalStatements', { consentId: id, lang, legalStatements: j({ publishedDocVersion: 1.0, currentDocVersion: 1.0, minDocVersion: 1.0, versions: { 1: { purpose, documentUrl: 'https://www.example.com/' + lang, LegalStatementStatus: 'Published' } } }) })
  await c('accounts.communication.setChannels', { Channels: j({ SMS: { dependsOn: [{ fieldID: 'phoneNumber', required: true }], description: 'By text' } }) })
  await c('accounts.communication.setChannels', { Channels: j({ WiFi: { dependsOn: [{ fieldID: 'firstName', required: true }], description: 'By air' } }) })
  await c('accounts.communications.settings.set', { topicChannel: j({ topicChannelId: 'deals_SMS', channel: 'SMS', topic: 'deals', description: 'Deals by text' }) })
  await c('accounts.webhooks.set', { name: 'hook one', url: 'https://hooks.example.com/one', events: j(['accountRegistered', 'accountUpdated', 'consentUpdated']), active: true, headers: j([{ name: 'X-One', value: '1' }]), version: '2.0' })
  await c('accounts.webhooks.set', { name: 'hook two', url: 'https://hooks.example.com/two', events: j(['accountDeleted']), active: false, version: '2.0' })
  const ext = await c('accounts.extensions.create', { extensionPoint: 'OnBeforeAccountsRegister', extensionFuncUrl: 'https://ext.example.com/register', friendlyName: 'Checks a registration' })
  await c('accounts.extensions.modify', { extensionId: ext.result.id, headers: j([{ name: 'Authorization', value: 'Basic abc' }]), enabled: true, timeout: 900, fallback: 'IgnoreAllErrors', description: 'with a timeout' })
  await c('accounts.extensions.create', { extensionPoint: 'OnBeforeAccountsLogin', extensionFuncUrl: 'https://ext.example.com/login', friendlyName: 'Checks a login' })
  const steps = [{ id: 'Read', type: 'datasource.read.sftp', params: { host: '{{hostname}}', username: 'u', password: 'sftp-secret', fileNameRegex: '.*.json', port: 22 }, next: ['Evaluate'] }, { id: 'Evaluate', type: 'record.evaluate', params: { script: btoa('function process(r){ return r; }'), ECMAScriptVersion: '12', notifyLastRecord: false }, next: ['Write'] }, { id: 'Write', type: 'datasource.write.gigya.generic', params: { apiMethod: 'accounts.importLiteAccount', userKey: 'AABBCC', secret: 'u-secret', apiParams: [{ sourceField: 'profile', paramName: 'profile', value: '' }] } }]
  await c('idx.createDataflow', { data: j({ name: 'nightly import', status: 'published', description: 'from the shop', steps }) })
  await c('idx.createDataflowDraft', { data: j({ name: 'half done', status: 'draft', description: 'not yet', steps: steps.slice(0, 1).map(s => ({ ...s, next: [] })) }) })
  await c('accounts.rba.setPolicy', { policy: j({ commonRules: [{ action: { duration: 600, scope: ['account'], type: 'lockout' }, rootFactor: { type: 'failedLogins', scope: ['account'], threshold: 10, resetInterval: 3600 }, id: 'Login max number of attempts', scope: 'Login', description: 'On multiple failed login attempts > lockout account', enabled: true }], rulesSets: [{ rules: [{ action: { authLevel: 10, challenge: 'none', type: 'TFA' }, rootFactor: { type: 'device', expirationPeriod: 2592000, authLevel: 10 }, id: null, scope: 'Login', description: 'On device change', enabled: true }], id: 'device_change_email_verification', description: 'On device change', enabled: true }, { rules: [], id: '_off', description: 'This policy represents a policy without any validations', enabled: true }], tfaRegistrationScope: false, defaultPolicy: 'device_change_email_verification', allowOverrideMode: 'no' }) })
  await c('accounts.rba.riskAssessment.setConfig', { Config: j({ Enabled: true }) })
  await c('admin.captcha.setConfig', { Config: j([{ Type: 1, Key: 'v2-key', Secret: 'v2-secret' }, { Type: 2, Key: 'inv-key', Secret: 'inv-secret' }, { Type: 3, Key: 'v3-key', Secret: 'v3-secret' }, { Type: 4, Key: '', Secret: '' }]) })
  await c('admin.riskProviders.setConfig', { config: j({ configType: 0, config: j({ subscriberId: '77', account: 'acc', environment: 1, integrationPoint: 'ip' }) }) })
}

// dump is everything of a site that the tools copy, without what belongs to one site.
export const dump = async (call, site) => {
  const c = (m, p) => call(m, { apiKey: site, ...p })
  const out = {}
  const strip = o => { for (const k of ['callId', 'time', 'context', 'errorCode', 'apiVersion', 'statusCode', 'statusReason', 'ignoredParams']) delete o[k]; return o }
  out.schema = strip(await c('accounts.getSchema', { include: 'profileSchema,dataSchema,subscriptionsSchema,internalSchema,addressesSchema' }))
  out.policies = strip(await c('accounts.getPolicies', {}))
  out.screenSets = strip(await c('accounts.getScreenSets', { include: 'screenSetID,html,css,javascript,translations,metadata' }))
  out.social = strip(await c('socialize.getProvidersConfig', { includeSettings: true, includeCapabilities: true, includeSecretKeys: true }))
  out.emails = strip(await c('accounts.policies.emailTemplates.getConfig', {}))
  out.sms = strip(await c('accounts.sms.templates.get', {}))
  out.globalConf = (await c('admin.getSiteConfig', { includeGlobalConf: true })).globalConf
  out.consents = strip(await c('accounts.getConsentsStatements', {}))
  out.legal = {}
  for (const [id, p] of Object.entries(out.consents.preferences)) for (const lang of p.langs || []) out.legal[id + '/' + lang] = strip(await c('accounts.getLegalStatements', { consentId: id, lang }))
  out.channels = strip(await c('accounts.communication.getChannels', {}))
  out.topics = strip(await c('accounts.communications.settings.search', { query: 'select topicChannelId, topic, channel, lastModified, description,schema from topicChannels limit 2000' }))
  out.webhooks = strip(await c('accounts.webhooks.getAll', {}))
  out.extensions = strip(await c('accounts.extensions.list', {}))
  out.dataflows = [strip(await c('idx.search', { query: 'SELECT * FROM dataflow' })), strip(await c('idx.search', { query: 'SELECT * FROM dataflow_draft' }))]
  out.rba = strip(await c('accounts.rba.getPolicy', {}))
  out.risk = strip(await c('accounts.rba.riskAssessment.getConfig', {}))
  out.captcha = strip(await c('admin.captcha.getConfig', {}))
  out.riskProviders = strip(await c('admin.riskProviders.getConfig', {}))
  return out
}

// own is what each site has of its own, and what counts changes.
const own = /\.(apiKey|siteId|created|createTime|updateTime|lastModified): |\.(webhooks|result)\.\d+\.id: |\.metadata\.version: /

// diff lists the paths at which two values differ.
export const diff = (a, b, path = '') => {
  if (typeof a !== typeof b || a === null || b === null || typeof a !== 'object') return a === b ? [] : [`${path}: ${JSON.stringify(a)?.slice(0, 150)} <> ${JSON.stringify(b)?.slice(0, 150)}`]
  const out = []
  for (const k of new Set([...Object.keys(a), ...Object.keys(b)])) out.push(...diff(a[k], b[k], path + '.' + k))
  return out.filter((d) => !own.test(d))
}
