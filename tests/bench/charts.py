"""Charts of ratios, as SVG for light and dark: bars to the right of the line take longer than the library, bars to the left less
long. What a bar is of stands above it, so that the whole fits a telephone."""
import html
import math

COLORS = {'sqlite': ('#0969da', '#58a6ff'), 'postgresql': ('#1a7f37', '#3fb950'), 'mariadb': ('#bc4c00', '#f0883e')}
LEFT, WIDTH, RIGHT, TOP, LABEL, BAR, GAP = 20, 460, 60, 66, 18, 13, 9


def span(rows):
    """From and to which power of two the scale goes."""
    ratios = [ratio for _, values in rows for ratio in values.values()]
    return min(-1, math.floor(math.log2(min(ratios)))), max(2, math.ceil(math.log2(max(ratios))))


def number(ratio):
    return f'{ratio:,.0f}' if ratio >= 10 else f'{ratio:.1f}' if ratio >= 2 else f'{ratio:.2f}'


def legend(engines, names):
    at = 20
    for engine in engines:
        yield (f'<rect class="{engine}" x="{at}" y="36" width="12" height="12" rx="2"/>'
               f'<text x="{at + 18}" y="47">{names[engine]}</text>')
        at += 34 + 8 * len(names[engine])


def axis(low, high, place, bottom):
    step = max(1, round((high - low) / 8))
    for power in range(low, high + 1):
        if power % step == 0:
            x, text = place(2 ** power), f'{2 ** power:,}' if power >= 0 else f'1/{2 ** -power}'
            yield f'<line class="{"one" if power == 0 else "tick"}" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}"/>'
            yield f'<text class="small mid" x="{x:.1f}" y="{bottom + 16}">{text}</text>'


def bars(rows, place):
    y = TOP
    for label, values in rows:
        yield f'<text class="what" x="{LEFT}" y="{y + 12}">{html.escape(label)}</text>'
        y += LABEL
        for engine, ratio in values.items():
            begin, end = sorted((place(1), place(ratio)))
            yield (f'<rect class="{engine}" x="{begin:.1f}" y="{y}" width="{max(1, end - begin):.1f}" height="{BAR - 2}" rx="1"/>'
                   f'<text class="small" x="{end + 5:.1f}" y="{y + 10}">{number(ratio)}</text>')
            y += BAR
        y += GAP


def style(engines):
    light = ' '.join(f'--{engine}: {COLORS[engine][0]};' for engine in engines)
    dark = ' '.join(f'--{engine}: {COLORS[engine][1]};' for engine in engines)
    fills = ' '.join(f'.{engine} {{ fill: var(--{engine}) }}' for engine in engines)
    return ('svg { color-scheme: light dark; font: 14px system-ui, sans-serif; '
            f'--ink: #1f2328; --faint: #59636e; --line: #d1d9e0; --paper: #fff; {light} }}\n'
            f'@media (prefers-color-scheme: dark) {{ svg {{ --ink: #e6edf3; --faint: #9198a1; --line: #3d444d; --paper: #0d1117; {dark} }} }}\n'
            'text { fill: var(--ink) } .small { font-size: 12px; fill: var(--faint) } '
            '.mid { text-anchor: middle } .what { paint-order: stroke; stroke: var(--paper); stroke-width: 4px }\n'
            f'.head {{ font-weight: 600 }} line {{ stroke: var(--line) }} .one {{ stroke: var(--ink); stroke-width: 1.5 }} {fills}')


def chart(title, rows, names):
    """Of rows of a label and {engine: ratio}."""
    rows = [(label, values) for label, values in rows if values]
    engines = [engine for engine in names if any(engine in values for _, values in rows)]
    low, high = span(rows)
    bottom = TOP + sum(LABEL + len(values) * BAR + GAP for _, values in rows)
    whole, tall = LEFT + WIDTH + RIGHT, bottom + 26

    def place(ratio):
        return LEFT + WIDTH * (math.log2(ratio) - low) / (high - low)

    said = '; '.join(f'{label}: ' + ', '.join(f'{names[engine]} {number(ratio)}' for engine, ratio in values.items())
                     for label, values in rows)
    return '\n'.join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {tall}" width="{whole}" height="{tall}" role="img" '
        'aria-labelledby="t d">', f'<title id="t">{html.escape(title)}</title>', f'<desc id="d">{html.escape(said)}</desc>',
        f'<style>\n{style(engines)}\n</style>', f'<text class="head" x="20" y="20">{html.escape(title)}</text>',
        *legend(engines, names), *axis(low, high, place, bottom), *bars(rows, place), '</svg>', ''])
