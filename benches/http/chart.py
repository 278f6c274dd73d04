"""Bars as an SVG of plain shapes and text, in colours that can be read on light and on dark pages."""

from html import escape

WIDTH, LABEL, BAR, STEP, TOP = 880, 340, 20, 29, 66
TEXT = "#747a83"
KINDS = {"playgate": ("playgate", "#2f81c4"), "other": ("another check", "#b0722f"), "bare": ("no check", "#8b919a")}


def draw(title, note, bars):
    """`bars` are rows of (label, kind, microseconds), drawn from nought on."""
    scale = (WIDTH - LABEL - 90) / max(value for _, _, value in bars)
    height = TOP + STEP * len(bars) + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="14" fill="{TEXT}">',
        f'<text x="{LABEL}" y="22" font-size="17" font-weight="600">{escape(title)}</text>',
    ]
    for number, (name, colour) in enumerate(KINDS.values()):
        x = LABEL + 130 * number
        lines.append(f'<rect x="{x}" y="36" width="12" height="12" rx="2" fill="{colour}"/>')
        lines.append(f'<text x="{x + 18}" y="47" font-size="13">{escape(name)}</text>')
    for number, (label, kind, value) in enumerate(bars):
        y, width = TOP + STEP * number, value * scale
        lines += [
            f'<text x="{LABEL - 12}" y="{y + 15}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{KINDS[kind][1]}"/>',
            f'<text x="{LABEL + width + 8:.1f}" y="{y + 15}">{value:.1f} µs</text>',
        ]
    lines += [
        f'<path d="M{LABEL} {TOP - 6}V{height - 32}" stroke="{TEXT}" fill="none"/>',
        f'<text x="{LABEL}" y="{height - 10}" font-size="12">{escape(note)}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
