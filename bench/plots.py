"""Two kinds of plot as SVG, readable on light and on dark pages."""

from html import escape

WIDTH = 720
LEFT = 210
RIGHT = 70
STYLE = """\
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .faint { fill: #59636e; }
  .axis { stroke: #8c959f; stroke-width: 1; }
  .grid { stroke: #8c959f; stroke-width: 0.4; stroke-dasharray: 2 3; }
  .c0 { fill: #0969da; stroke: #0969da; } .c1 { fill: #bf8700; stroke: #bf8700; }
  .c2 { fill: #1a7f37; stroke: #1a7f37; } .c3 { fill: #8250df; stroke: #8250df; }
  .line { fill: none; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .faint { fill: #9198a1; }
    .c0 { fill: #4493f8; stroke: #4493f8; } .c1 { fill: #d29922; stroke: #d29922; }
    .c2 { fill: #3fb950; stroke: #3fb950; } .c3 { fill: #ab7df8; stroke: #ab7df8; }
  }
</style>"""


def frame(height, title, body):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(title)}">',
        STYLE, f'<text class="title" x="0" y="16">{escape(title)}</text>', *body, "</svg>", ""])


def number(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"


def bars(title, rows, legend=()):
    """Horizontal bars. `rows`: (label, [part, ...]), the parts of a bar beside each other."""
    most = max(max(0.0, sum(parts)) for _, parts in rows) or 1
    scale = (WIDTH - LEFT - RIGHT) / most
    body = []
    top = 34
    for i, text in enumerate(legend):
        x = LEFT + i * 130
        body.append(f'<rect class="c{i}" x="{x}" y="{top - 10}" width="10" height="10"/>')
        body.append(f'<text class="faint" x="{x + 15}" y="{top}">{escape(text)}</text>')
    top += 18 if legend else 0
    for label, parts in rows:
        body.append(f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{escape(label)}</text>')
        x = float(LEFT)
        for i, part in enumerate(parts):
            width = max(0.0, part) * scale
            body.append(f'<rect class="c{i}" x="{x:.1f}" y="{top}" width="{width:.1f}" '
                        'height="17" stroke="none"/>')
            x += width
        body.append(f'<text class="faint" x="{x + 6:.1f}" y="{top + 13}">'
                    f'{number(sum(parts))}</text>')
        top += 25
    body.append(f'<line class="axis" x1="{LEFT}" y1="30" x2="{LEFT}" y2="{top}"/>')
    return frame(top + 8, title, body)


def lines(title, x_label, xs, series):
    """Lines over the same points. `series`: (name, [y, ...])."""
    height, bottom, top, left = 300, 250, 58, 60
    most = max(max(ys) for _, ys in series) * 1.1 or 1
    low, high = min(xs), max(xs)

    def at(x, y):
        return (left + (x - low) / ((high - low) or 1) * (WIDTH - left - RIGHT),
                bottom - y / most * (bottom - top))

    body = []
    for i in range(5):
        y = most * i / 4
        _, down = at(low, y)
        body.append(f'<line class="grid" x1="{left}" y1="{down:.1f}" x2="{WIDTH - RIGHT}" '
                    f'y2="{down:.1f}"/>')
        body.append(f'<text class="faint" x="{left - 6}" y="{down + 4:.1f}" text-anchor="end">'
                    f'{y:.2g}</text>')
    for x in xs:
        right, _ = at(x, 0)
        body.append(f'<text class="faint" x="{right:.1f}" y="{bottom + 18}" text-anchor="middle">'
                    f'{x:,.0f}</text>')
    body.append(f'<text class="faint" x="{(left + WIDTH - RIGHT) / 2:.0f}" y="{bottom + 38}" '
                f'text-anchor="middle">{escape(x_label)}</text>')
    for i, (name, ys) in enumerate(series):
        points = " ".join("%.1f,%.1f" % at(x, y) for x, y in zip(xs, ys))
        body.append(f'<polyline class="c{i} line" style="fill:none" points="{points}"/>')
        body.append(f'<rect class="c{i}" x="{left + i * 160}" y="28" width="10" height="10"/>')
        body.append(f'<text class="faint" x="{left + i * 160 + 15}" y="38">{escape(name)}</text>')
    body.append(f'<line class="axis" x1="{left}" y1="{bottom}" x2="{WIDTH - RIGHT}" '
                f'y2="{bottom}"/>')
    return frame(height, title, body)
