#!/bin/sh
# bundle.sh <checkout of the toolkit>: puts its service layer, as it is, together for Node as services.mjs in this folder, where the
# packages that it imports must be installed.
set -e
cat > entry.js <<'JS'
export { default as SiteFinderPaginated } from '@services/search/siteFinderPaginated.js'
export { default as SiteManager } from '@services/site/siteManager.js'
export { default as ConfigManager } from '@services/copyConfig/configManager.js'
export { default as EmailManager } from '@services/emails/emailManager.js'
export { default as SmsManager } from '@services/sms/smsManager.js'
JS
npx esbuild entry.js --bundle --platform=node --format=esm --outfile=services.mjs --loader:.js=jsx --log-level=warning \
  "--alias:@services=$1/src/services" --external:axios --external:lodash --external:jszip --external:fast-xml-parser --external:i18next
