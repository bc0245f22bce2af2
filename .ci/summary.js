// Reads a .trx of `dotnet test`: prints the failed and the skipped tests with their reasons, then `N passed, N failed, N skipped`.
// Exit 1 when a test failed, none ran, or (on a whole run) fewer ran than the committed floor: a test that is no longer found is a failure.
const fs = require('fs');
const [file, floorFile, filterCount] = process.argv.slice(2);
if (!fs.existsSync(file)) {
  console.log('no test result was written\n0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
const text = fs.readFileSync(file, 'utf8');
const unescape = s => s.replace(/&#x([0-9A-F]+);/gi, (_, h) => String.fromCodePoint(parseInt(h, 16)))
  .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&amp;/g, '&');
const count = { Passed: 0, Failed: 0, NotExecuted: 0 };
const result = /<UnitTestResult\b([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g;
const skipped = new Map();
for (let match; (match = result.exec(text));) {
  const outcome = /outcome="(\w+)"/.exec(match[1])?.[1] ?? 'Failed';
  const name = unescape(/testName="([^"]*)"/.exec(match[1])?.[1] ?? '?');
  const key = outcome in count ? outcome : 'Failed';
  count[key]++;
  const body = match[2] ?? '';
  const reason = unescape((/<Message>([\s\S]*?)<\/Message>/.exec(body) ?? /<StdOut>([\s\S]*?)<\/StdOut>/.exec(body))?.[1] ?? '').trim();
  if (key === 'Failed') console.log(`FAILED ${name}\n  ${reason.split('\n').slice(0, 6).join('\n  ')}`);
  if (key === 'NotExecuted') skipped.set(reason, [...(skipped.get(reason) ?? []), name]);
}
for (const [reason, names] of skipped) console.log(`skipped (${reason || 'no reason given'}):\n  ${names.join('\n  ')}`);
const ran = count.Passed + count.Failed + count.NotExecuted;
const floor = filterCount === '0' ? Number(fs.readFileSync(floorFile, 'utf8').trim()) : 1;
if (ran < floor) console.log(`only ${ran} tests were found; at least ${floor} are expected (.ci/test-floor)`);
console.log(`${count.Passed} passed, ${count.Failed} failed, ${count.NotExecuted} skipped`);
process.exit(count.Failed > 0 || ran < floor ? 1 : 0);
