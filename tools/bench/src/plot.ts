import type { Row } from './bench.ts';

interface Bar {
  readonly name: string;
  readonly parts: readonly { readonly value: number; readonly colour: string }[];
  readonly label: string;
}

const colours = { throughput: '#4269d0', main: '#4269d0', lanes: '#efb118', rest: '#9ca3af' };
const size = { width: 760, left: 170, right: 90, bar: 18, gap: 8, head: 46, foot: 18 };

/** Draws throughput by variant, and CPU a request by part, at 32 connections and the smallest size that was measured. */
export function plot(rows: readonly Row[]): string {
  const smallest = Math.min(...rows.map(row => row.size));
  const shown = rows.filter(row => row.connections === 32 && row.size === smallest);
  const throughput = shown.map(({ name, rps }) => ({
    name,
    parts: [{ value: rps, colour: colours.throughput }],
    label: rps.toLocaleString('en'),
  }));
  const cpu = shown.map(row => {
    const main = row.main_cpu_us_per_request;
    const lanes = row.lanes_cpu_us_per_request;
    const parts = [
      { value: main, colour: colours.main },
      { value: lanes, colour: colours.lanes },
      { value: Math.max(0, row.cpu_us_per_request - main - lanes), colour: colours.rest },
    ];
    return { name: row.name, parts, label: row.cpu_us_per_request.toFixed(0) };
  });
  const panels = [
    panel(`Requests a second (32 connections, ${smallest} B)`, throughput),
    panel('CPU µs a request: main thread (blue), lanes (yellow), other threads (grey)', cpu),
  ];
  const height = panels.reduce((sum, each) => sum + each.height, 0);
  let y = 0;
  const drawn = panels.map(each => {
    const at = y;
    y += each.height;
    return `<g transform="translate(0 ${at})">${each.svg}</g>`;
  });
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="sans-serif">`;
  const title = '<title>Throughput and CPU by variant</title>';
  return [open, title, '<rect width="100%" height="100%" fill="#fff"/>', ...drawn, '</svg>', ''].join('\n');
}

function panel(title: string, bars: readonly Bar[]): { readonly svg: string; readonly height: number } {
  const room = size.width - size.left - size.right;
  const most = Math.max(1, ...bars.map(({ parts }) => sum(parts)));
  const lines = bars.map(({ name, parts, label }, index) => {
    const y = size.head + index * (size.bar + size.gap);
    const middle = y + size.bar - 5;
    let x = size.left;
    const drawn = parts.map(({ value, colour }) => {
      const width = (value / most) * room;
      const at = x;
      x += width;
      return `<rect x="${at.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${size.bar}" fill="${colour}"/>`;
    });
    const text = (at: number, anchor: string, content: string) =>
      `<text x="${at.toFixed(1)}" y="${middle}" font-size="12" text-anchor="${anchor}">${content}</text>`;
    return [text(size.left - 8, 'end', name), ...drawn, text(x + 6, 'start', label)].join('');
  });
  const head = `<text x="16" y="28" font-size="14" font-weight="bold">${title}</text>`;
  const height = size.head + bars.length * (size.bar + size.gap) + size.foot;
  return { svg: [head, ...lines].join('\n'), height };
}

const sum = (parts: Bar['parts']) => parts.reduce((total, { value }) => total + value, 0);
