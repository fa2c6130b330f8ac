// Looks at HTML reports in a real browser: node browser.mjs NODE_MODULES CHROMIUM OUT FILE… ; prints what was seen as JSON, by file.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, executablePath, out, ...files] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// The shell of a container has no user namespaces: Chromium's own sandbox cannot start there. The pages are ours.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

async function open(file, options, seen) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, offline: true, ...options });
  const page = await context.newPage();
  page.on('console', (message) => seen.console.push(message.text()));
  page.on('pageerror', (error) => seen.console.push(error.message));
  page.on('dialog', async (dialog) => {
    seen.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) seen.requests.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  return page;
}

async function audit(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return {
    violations: result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`),
    passes: result.passes.length,
  };
}

const shown = (page) => page.evaluate(() => ({
  rows: document.querySelectorAll('tr[data-kind=row]:not([hidden])').length,
  findings: document.querySelectorAll('tr[data-kind=finding]:not([hidden])').length,
  statuses: [...new Set([...document.querySelectorAll('tr[data-kind=row]:not([hidden])')].map((row) => row.dataset.status))].sort(),
  levels: [...new Set([...document.querySelectorAll('tr[data-kind=row]:not([hidden])')].map((row) => row.dataset.level))].sort(),
  said: document.querySelector('[role=status]')?.textContent ?? '',
}));

const focused = (page) => page.evaluate(() => {
  const { activeElement: at } = document;
  return { id: at.id, name: at.getAttribute('name'), value: at.value, href: at.getAttribute('href'), outline: getComputedStyle(at).outlineStyle };
});

// Tab until the wanted element: nothing is reached by another way than the keyboard.
async function reach(page, wanted) {
  for (let steps = 1; steps < 400; steps += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (wanted(at)) return { steps, ...at };
  }
  throw new Error(`never reached: ${wanted}`);
}

async function keyboard(page) {
  // The page says its count 150 ms after the last change: a longer timer of the page itself ends after it, however slow the machine.
  const settle = () => page.evaluate(() => new Promise((done) => { setTimeout(done, 200); }));
  await settle();
  const seen = { start: await shown(page) };
  await page.keyboard.press('Tab');
  seen.first = await focused(page);
  await page.keyboard.press('Enter');
  seen.skipped = await focused(page);
  seen.text = await reach(page, (at) => at.id === 'texte');
  await page.keyboard.type('EXI-ARCH-9 sauvegarde');
  await settle();
  seen.typed = await shown(page);
  await page.keyboard.press('Enter');
  seen.entered = { url: page.url(), ...(await shown(page)) };
  await page.keyboard.press('Escape');
  await settle();
  seen.escaped = await shown(page);
  await reach(page, (at) => at.id === 'niveau');
  await page.keyboard.press('ArrowDown');
  await settle();
  seen.level = await shown(page);
  await reach(page, (at) => at.name === 'etat' && at.value === 'to-attest');
  await page.keyboard.press('Space');
  await settle();
  seen.unchecked = await shown(page);
  await reach(page, (at) => at.name === 'gravite' && at.value === 'warning');
  await page.keyboard.press('Space');
  await settle();
  seen.severity = await shown(page);
  await page.keyboard.press('Escape');
  await settle();
  seen.reset = await shown(page);
  return seen;
}

const results = {};
for (const file of files) {
  const name = path.basename(file, '.html');
  const seen = { console: [], dialogs: [], requests: [], audits: {} };
  const ways = { light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' }, narrow: { viewport: { width: 320, height: 640 } } };
  for (const [label, options] of Object.entries({ papier: {}, faux: { light: ways.light } }[name] ?? ways)) {
    const page = await open(file, options, seen);
    await page.waitForTimeout(250);
    seen.audits[label] = await audit(page);
    if (label === 'narrow') seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await page.screenshot({ path: path.join(out, `${name}-${label}.png`) });
    await page.context().close();
  }
  results[file] = seen;
  if (name === 'faux') continue;
  const page = await open(file, {}, seen);
  seen.lang = await page.evaluate(() => document.documentElement.lang);
  seen.alien = await page.evaluate(() => [...document.querySelectorAll('script, style, img, svg, link, iframe, object, [style], [onerror], [onload]')].map((e) => e.outerHTML.slice(0, 80)));
  if (name !== 'papier') seen.keyboard = await keyboard(page);
  await page.pdf({ path: path.join(out, `${name}.pdf`), preferCSSPageSize: true, printBackground: true });
  await page.context().close();
  const bare = await open(file, { javaScriptEnabled: false }, seen);
  seen.bare = {
    form: await bare.locator('#filtres').isVisible(),
    rows: await bare.locator('tr[data-kind=row]').count(),
    visible: await bare.locator('tr[data-kind=row]:visible').count(),
  };
  await bare.context().close();
}
await browser.close();
console.log(JSON.stringify(results));
