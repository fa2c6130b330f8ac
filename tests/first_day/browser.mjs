// A person's first minutes in a real browser: node browser.mjs NODE_MODULES CHROMIUM OUT PORTAL FIELDS ; prints what was seen as JSON.
// FIELDS: JSON object of the fields of the first form (empty: there is no form), and "!": a field to get wrong first, and its value.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const [modules, executablePath, out, portal, fields] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const { '!': wrong, ...values } = JSON.parse(fields);

// The shell of a container has no user namespaces: Chromium's own sandbox cannot start there. The pages are ours.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const seen = { console: [], requests: [], policies: {}, audits: {} };
page.on('console', (message) => seen.console.push(message.text()));
page.on('pageerror', (error) => seen.console.push(error.message));
page.on('request', (request) => { if (!request.url().startsWith('data:')) seen.requests.push(request.url()); });
page.on('response', async (response) => {
  if (response.status() < 300 && (response.headers()['content-type'] ?? '').startsWith('text/html')) seen.policies[new URL(response.url()).pathname.replace(/[\w-]{20,}/, '…')] = response.headers()['content-security-policy'] ?? null;
});

async function audit(name) {
  // The page's policy forbids scripts, and the debugging protocol is not subject to it: axe is evaluated, never injected.
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  seen.audits[name] = { violations: result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`), passes: result.passes.length };
  await page.screenshot({ path: `${out}/${name}.png`, fullPage: true });
}

async function fill(form, entries) {
  for (const [name, value] of Object.entries(entries)) {
    const field = form.locator(`[name="${name}"]`);
    if ((await field.evaluate((e) => e.tagName)) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
}

await page.goto(portal);
await audit('welcome');
await page.getByRole('button', { name: 'Se connecter' }).click();
seen.provider = new URL(page.url()).origin !== new URL(portal).origin;
if (seen.provider) {
  await audit('provider');
  await page.getByRole('button', { name: /Camille Martin/ }).click();
}
await page.waitForURL(portal);
seen.person = await page.locator('header strong').nth(1).textContent();
await audit('inside');
const form = page.locator('form[action="/envoyer"]').first();
if (Object.keys(values).length > 0) {
  if (wrong) {
    await fill(form, { ...values, ...wrong });
    await form.getByRole('button').click();
    seen.refused = { alert: await page.getByRole('alert').textContent(), invalid: await page.locator('[aria-invalid=true]').getAttribute('name'), kept: await form.locator(`[name="${Object.keys(values)[1]}"]`).inputValue() };
    await audit('refused');
  }
  await fill(form, values);
  await form.getByRole('button').click();
  seen.done = await page.getByRole('status').textContent();
  seen.rows = await page.locator('table').first().locator('tbody tr').allTextContents();
  await audit('done');
  await page.setViewportSize({ width: 320, height: 640 });
  seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await audit('narrow');
  // What the keyboard alone meets first, and that focus is seen.
  await page.keyboard.press('Tab');
  seen.focus = await page.evaluate(() => ({ text: document.activeElement.textContent, outline: getComputedStyle(document.activeElement).outlineStyle }));
}
seen.cookies = (await context.cookies()).filter((c) => ['portail', 'session'].includes(c.name)).map((c) => ({ httpOnly: c.httpOnly, sameSite: c.sameSite }));
// A token in the browser would be within reach of a script: there is none, anywhere.
seen.stored = await page.evaluate(() => localStorage.length + sessionStorage.length);
seen.token = (await page.content()).includes('eyJ');
// axe and the policy are seen to bite.
seen.console = [...seen.console];
seen.requests = [...seen.requests];
page.removeAllListeners();
await page.evaluate(() => { document.body.insertAdjacentHTML('beforeend', '<img src="/x.png">'); document.documentElement.removeAttribute('lang'); });
await page.evaluate(axe);
seen.bitten = await page.evaluate(async () => (await axe.run()).violations.map((v) => v.id));
seen.blocked = await page.evaluate(() => new Promise((done) => {
  document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));
  const script = document.createElement('script');
  script.src = '/style.css';
  document.head.append(script);
  setTimeout(() => done('nothing'), 3000);
}));
await browser.close();
console.log(JSON.stringify(seen));
