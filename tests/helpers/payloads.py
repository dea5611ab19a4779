"""Fifteen texts that run a script where they are taken for markup; each calls ``ran(number)``."""

from __future__ import annotations

from typing import Final

_TEMPLATES: Final = (
    "DE-Tha<img src=x onerror=ran(N)>",
    "<script>ran(N)</script>",
    "<svg onload=ran(N)>",
    "<details open ontoggle=ran(N)>x</details>",
    "<iframe srcdoc='<script>parent.ran(N)</script>'></iframe>",
    '"><img src=x onerror=ran(N)>',
    "'><svg/onload=ran(N)>",
    "</div></textarea></title></style><img src=x onerror=ran(N)>",
    "<b>bold</b><a href='javascript:ran(N)' class=hostile>link</a>",
    '[link](javascript:ran(N)) ![x](x"onerror="ran(N))',
    "`<img src=x onerror=ran(N)>`\n\n    <img src=x onerror=ran(N)>",
    "<im\0g src=x one\u200brror=ran(N)>",
    "&lt;img src=x onerror=ran(N)&gt;",
    "$\\href{javascript:ran(N)}{x}$ {{ran(N)}} ${ran(N)} <%= ran(N) %> @{name}{safe}",
    "<input autofocus onfocus=ran(N)><video><source onerror=ran(N)></video>",
)

PAYLOADS: Final = tuple(t.replace("N", str(i)) for i, t in enumerate(_TEMPLATES, start=1))
